internal import Foundation
internal import GRPC
internal import Messages
internal import NIOPosix
internal import Synchronization

/// `steadfast ADDRESS[,ADDRESS]… --seconds S --in-flight M`: starts one-activity workflows for S seconds, M at a time, as a careful
/// service would: under a request id of its own, each call again and again while it is refused as UNAVAILABLE or late, until every
/// workflow has given its result. Prints when each start was acknowledged and when each result was there, in milliseconds
/// since 1970, and how many calls were repeated.
enum SteadfastDriver {
  static func run(_ arguments: BenchArguments) async throws {
    var limits = ClientLimits()
    limits.maxBackoff = .milliseconds(200)
    let client = GRPCClient(
      targets: try ThroughputDriver.targets(arguments.argument), limits: limits,
      group: MultiThreadedEventLoopGroup.singleton)
    let book = Book()
    let end = ContinuousClock.now + .seconds(arguments.number("seconds", default: 8))
    say("ready")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<arguments.number("in-flight", default: 500) {
        group.addTask {
          while ContinuousClock.now < end { try await one(client, book) }
        }
      }
      try await group.waitForAll()
    }
    await client.close()
    let runs = book.runs.map { "[\($0.acknowledged), \($0.done)]" }.joined(separator: ", ")
    say("{\"repeated\": \(book.repeated), \"runs\": [\(runs)]}")
  }

  private static var now: Double { Date().timeIntervalSince1970 * 1_000 }

  private static func one(_ client: GRPCClient, _ book: Book) async throws {
    let request = StartWorkflowRequest(
      workflowType: BenchWorkflows.one, input: Payload(data: Array("1".utf8), encoding: "json"),
      requestID: UUID().uuidString)
    let run = try await patiently(book) { () throws(Status) in
      try await client.unary(WorkflowService.StartWorkflow.self, request, deadline: .seconds(10), waitForReady: true)
        .runID
    }
    let acknowledged = now
    let wait = WaitRunRequest(runID: run, wait: ProtoDuration(seconds: 20, nanos: 0))
    while true {
      let response = try await patiently(book) { () throws(Status) in
        try await client.unary(WorkflowService.WaitRun.self, wait, deadline: .seconds(30), waitForReady: true)
      }
      guard response.closed else { continue }
      guard response.run?.status == .completed else { throw BenchError("run \(run) ended otherwise: \(response)") }
      let done = now
      return book.add(acknowledged, done)
    }
  }

  private static func patiently<Answer: Sendable>(
    _ book: Book, _ call: () async throws(Status) -> Answer
  ) async throws -> Answer {
    let deadline = ContinuousClock.now + .seconds(120)
    while true {
      do throws(Status) {
        return try await call()
      } catch {
        guard [.unavailable, .deadlineExceeded, .resourceExhausted, .cancelled, .aborted].contains(error.code),
          .now < deadline
        else { throw BenchError("a call failed for good: \(error)") }
        book.addRepeated()
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }
}

/// What became of the workflows.
private final class Book: Sendable {
  typealias Run = (acknowledged: Double, done: Double)

  private let state = Mutex((runs: [Run](), repeated: 0))

  var runs: [Run] { state.withLock { $0.runs } }
  var repeated: Int { state.withLock { $0.repeated } }
  func add(_ acknowledged: Double, _ done: Double) { state.withLock { $0.runs.append((acknowledged, done)) } }
  func addRepeated() { state.withLock { $0.repeated += 1 } }
}

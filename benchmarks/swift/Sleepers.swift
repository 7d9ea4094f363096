internal import Foundation
internal import GRPC
internal import Messages
internal import NIOPosix
internal import Synchronization

/// `sleepers ADDRESS --count N --due-at MS`: starts N runs that all sleep until the same instant, in milliseconds since 1970.
enum Sleepers {
  static func run(_ arguments: BenchArguments) async throws {
    let client = GRPCClient(
      targets: [try ThroughputDriver.target(arguments.argument)], group: MultiThreadedEventLoopGroup.singleton)
    let count = arguments.number("count", default: 100_000)
    let due = arguments.number("due-at", default: 0)
    let start = StartWorkflowRequest(
      workflowType: BenchWorkflows.sleeping, input: Payload(data: Array("\(due)".utf8), encoding: "json"))
    for begin in stride(from: 0, to: count, by: 500) {
      let request = StartWorkflowsRequest(requests: Array(repeating: start, count: min(500, count - begin)))
      let response = try await client.unary(
        WorkflowService.StartWorkflows.self, request, deadline: .seconds(60), waitForReady: true)
      for result in response.results {
        guard case .started = result.result else { throw BenchError("a start failed: \(result)") }
      }
    }
    await client.close()
    say("{\"started\": \(count)}")
  }
}

/// `start-latency ADDRESS --callers N --pause-ms MS`: N callers start one-activity workflows one after another, with a pause
/// between, until SIGTERM. Prints what a start took, in milliseconds.
enum StartLatency {
  static func run(_ arguments: BenchArguments) async throws {
    let termination = Termination()
    let client = GRPCClient(
      targets: [try ThroughputDriver.target(arguments.argument)], group: MultiThreadedEventLoopGroup.singleton)
    let pause = Duration.milliseconds(arguments.number("pause-ms", default: 20))
    let samples = Samples()
    say("ready")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<arguments.number("callers", default: 4) {
        group.addTask {
          while samples.isOpen {
            samples.add(try await once(client))
            try await Task.sleep(for: pause)
          }
        }
      }
      await termination.wait()
      samples.close()
      try await group.waitForAll()
    }
    await client.close()
    let sorted = samples.sorted
    guard let most = sorted.last else { throw BenchError("nothing was started") }
    say(
      "{\"count\": \(sorted.count), \"p50_ms\": \(sorted[sorted.count / 2]), "
        + "\"p99_ms\": \(sorted[sorted.count * 99 / 100]), \"max_ms\": \(most)}")
  }

  private static func once(_ client: GRPCClient) async throws -> Double {
    let request = StartWorkflowRequest(
      workflowType: BenchWorkflows.one, input: Payload(data: Array("1".utf8), encoding: "json"))
    let begin = ContinuousClock.now
    _ = try await client.unary(WorkflowService.StartWorkflow.self, request, deadline: .seconds(60))
    return begin.duration(to: .now) / .milliseconds(1)
  }
}

/// What was measured so far, and whether more is wanted.
private final class Samples: Sendable {
  private let state = Mutex((samples: [Double](), isOpen: true))

  var isOpen: Bool { state.withLock { $0.isOpen } }
  var sorted: [Double] { state.withLock { $0.samples.sorted() } }
  func add(_ sample: Double) { state.withLock { $0.samples.append(sample) } }
  func close() { state.withLock { $0.isOpen = false } }
}

internal import GRPC
internal import Messages
internal import NIOPosix
internal import Synchronization

/// `throughput ADDRESS --count N --in-flight M --workflow NAME --input I`: starts workflows (of one activity, if none is
/// named) that give their input back, and waits for each one's result, M at a time. Prints the seconds from the first start
/// to the last result.
enum ThroughputDriver {
  static func run(_ arguments: BenchArguments) async throws {
    let client = GRPCClient(targets: [try target(arguments.argument)], group: MultiThreadedEventLoopGroup.singleton)
    let driver = PipelinedStarts(
      client: client, count: arguments.number("count", default: 20_000),
      inFlight: arguments.number("in-flight", default: 1_000),
      workflow: arguments.text("workflow") ?? BenchWorkflows.one,
      input: Array("\(arguments.number("input", default: 1))".utf8))
    let clock = ContinuousClock()
    let begin = clock.now
    try await driver.run()
    let seconds = begin.duration(to: clock.now) / .seconds(1)
    await client.close()
    say("{\"seconds\": \(seconds)}")
  }

  static func target(_ address: String) throws -> GRPCTarget {
    let parts = address.split(separator: ":")
    guard parts.count == 2, let port = Int(parts[1]) else { throw BenchError("\(address) is no host:port") }
    return GRPCTarget(host: String(parts[0]), port: port)
  }
}

/// Keeps a bounded number of workflows under way; the next begins when one has given its result.
private final class PipelinedStarts: Sendable {
  private struct State {
    var toStart: Int
    var toFinish: Int
    var done: CheckedContinuation<Void, any Error>?
  }

  private let client: GRPCClient
  private let inFlight: Int
  private let workflow: String
  private let input: [UInt8]
  private let state: Mutex<State>

  init(client: GRPCClient, count: Int, inFlight: Int, workflow: String, input: [UInt8]) {
    self.client = client
    self.workflow = workflow
    self.input = input
    self.inFlight = min(count, inFlight)
    state = Mutex(State(toStart: count, toFinish: count))
  }

  func run() async throws {
    try await withCheckedThrowingContinuation { continuation in
      state.withLock { $0.done = continuation }
      for _ in 0..<inFlight { startNext() }
    }
  }

  private func startNext() {
    let mayStart = state.withLock { state in
      guard state.toStart > 0 else { return false }
      state.toStart -= 1
      return true
    }
    guard mayStart else { return }
    let request = StartWorkflowRequest(
      workflowType: workflow, input: Payload(data: input, encoding: "json"))
    client.unary(WorkflowService.StartWorkflow.self, request, deadline: .seconds(60), waitForReady: true) { result in
      switch result {
      case .success(let response): self.wait(response.runID)
      case .failure(let status): self.fail("a start failed: \(status)")
      }
    }
  }

  private func wait(_ runID: String) {
    let request = WaitRunRequest(runID: runID, wait: ProtoDuration(seconds: 60, nanos: 0))
    client.unary(WorkflowService.WaitRun.self, request, deadline: .seconds(90)) { result in
      switch result {
      case .success(let response):
        guard response.closed, let run = response.run, run.status == .completed, run.output?.data == self.input
        else { return self.fail("run \(runID) ended otherwise: \(response)") }
        self.finished()
      case .failure(let status): self.fail("a wait failed: \(status)")
      }
    }
  }

  private func finished() {
    let done = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      state.toFinish -= 1
      guard state.toFinish == 0 else { return nil }
      return state.done.take()
    }
    done?.resume()
    startNext()
  }

  private func fail(_ message: String) {
    state.withLock { state in
      state.toStart = 0
      return state.done.take()
    }?.resume(throwing: BenchError(message))
  }
}

internal import GRPC
internal import Messages
internal import NIOPosix
internal import Synchronization

/// `starts ADDRESS --count N --in-flight M --batch B`: starts N workflows that nobody works on, B with each call, M calls at a
/// time; one call each if B is 1. Prints the seconds from the first start to the last answer, and what a call took.
enum StartsDriver {
  static func run(_ arguments: BenchArguments) async throws {
    let client = GRPCClient(
      targets: try ThroughputDriver.targets(arguments.argument), group: MultiThreadedEventLoopGroup.singleton)
    let (count, batch) = (arguments.number("count", default: 20_000), arguments.number("batch", default: 1))
    let calls = Calls(count / batch)
    let begin = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<arguments.number("in-flight", default: 500) {
        group.addTask {
          while calls.begin() {
            let sent = ContinuousClock.now
            try await start(batch, client)
            calls.end(sent.duration(to: .now) / .milliseconds(1))
          }
        }
      }
      try await group.waitForAll()
    }
    let seconds = begin.duration(to: .now) / .seconds(1)
    await client.close()
    let samples = calls.samples
    say("{\"started\": \(samples.count * batch), \"seconds\": \(seconds), \(Percentiles(samples).json)}")
  }

  private static func start(_ batch: Int, _ client: GRPCClient) async throws {
    let start = StartWorkflowRequest(
      workflowType: BenchWorkflows.unserved, input: Payload(data: Array("1".utf8), encoding: "json"))
    if batch == 1 {
      _ = try await client.unary(WorkflowService.StartWorkflow.self, start, deadline: .seconds(60), waitForReady: true)
      return
    }
    let response = try await client.unary(
      WorkflowService.StartWorkflows.self,
      StartWorkflowsRequest(requests: Array(repeating: start, count: batch)), deadline: .seconds(60), waitForReady: true
    )
    for result in response.results {
      guard case .started = result.result else { throw BenchError("a start failed: \(result)") }
    }
  }
}

/// How many calls are to be made still, and what those took that were made.
private final class Calls: Sendable {
  private let state: Mutex<(left: Int, samples: [Double])>

  init(_ count: Int) { state = Mutex((count, [])) }

  var samples: [Double] { state.withLock { $0.samples } }

  func begin() -> Bool {
    state.withLock { state in
      state.left -= 1
      return state.left >= 0
    }
  }

  func end(_ sample: Double) { state.withLock { $0.samples.append(sample) } }
}

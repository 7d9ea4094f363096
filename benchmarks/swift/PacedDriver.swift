internal import GRPC
internal import Messages
internal import NIOPosix
internal import Synchronization

/// `paced ADDRESS --rate R --seconds S --namespace X`: starts R one-activity workflows a second at even intervals, whether earlier ones are
/// done or not, and waits for each one's result. Prints percentiles in milliseconds; a latency counts from when its start was due.
enum PacedDriver {
  static func run(_ arguments: BenchArguments) async throws {
    let client = GRPCClient(
      targets: [try ThroughputDriver.target(arguments.argument)], group: MultiThreadedEventLoopGroup.singleton)
    let rate = max(1, arguments.number("rate", default: 100))
    let load = PacedLoad(
      client: client, namespace: arguments.text("namespace") ?? "",
      count: max(1, rate * arguments.number("seconds", default: 5)))
    let interval = Duration.seconds(1) / rate
    let begin = ContinuousClock.now
    for number in 0..<load.count {
      let due = begin + interval * number
      if due > .now { try await Task.sleep(until: due, tolerance: .zero) }
      load.start(due)
    }
    let samples = try await load.samples()
    await client.close()
    say("{\(Percentiles(samples).json)}")
  }
}

/// Workflows under way, and what those that are done took.
private final class PacedLoad: Sendable {
  private struct State {
    var samples: [Double] = []
    var failure: BenchError?
    var waiter: CheckedContinuation<[Double], any Error>?
  }

  let count: Int
  private let client: GRPCClient
  private let namespace: String
  private let state = Mutex(State())

  init(client: GRPCClient, namespace: String, count: Int) {
    self.client = client
    self.namespace = namespace
    self.count = count
  }

  func start(_ due: ContinuousClock.Instant) {
    let request = StartWorkflowRequest(
      namespace: namespace, workflowType: BenchWorkflows.one, input: Payload(data: Array("1".utf8), encoding: "json"))
    client.unary(WorkflowService.StartWorkflow.self, request, deadline: .seconds(60), waitForReady: true) { result in
      switch result {
      case .success(let response): self.wait(response.runID, due)
      case .failure(let status): self.fail("a start failed: \(status)")
      }
    }
  }

  private func wait(_ runID: String, _ due: ContinuousClock.Instant) {
    let request = WaitRunRequest(namespace: namespace, runID: runID, wait: ProtoDuration(seconds: 60, nanos: 0))
    client.unary(WorkflowService.WaitRun.self, request, deadline: .seconds(90)) { result in
      switch result {
      case .success(let response):
        guard response.closed, response.run?.status == .completed else {
          return self.fail("run \(runID) ended otherwise: \(response)")
        }
        self.finished(due.duration(to: .now) / .milliseconds(1))
      case .failure(let status): self.fail("a wait failed: \(status)")
      }
    }
  }

  private func finished(_ sample: Double) {
    state.withLock { state in
      state.samples.append(sample)
      if state.samples.count == count { state.waiter.take()?.resume(returning: state.samples) }
    }
  }

  private func fail(_ message: String) {
    state.withLock { state in
      state.failure = state.failure ?? BenchError(message)
      state.waiter.take()?.resume(throwing: BenchError(message))
    }
  }

  /// When all are done.
  func samples() async throws -> [Double] {
    try await withCheckedThrowingContinuation { continuation in
      state.withLock { state in
        if let failure = state.failure {
          continuation.resume(throwing: failure)
        } else if state.samples.count == count {
          continuation.resume(returning: state.samples)
        } else {
          state.waiter = continuation
        }
      }
    }
  }
}

internal import GRPC
internal import Messages
internal import Synchronization

/// Keeps a bounded number of workflows under way; the next begins when one has given its result.
final class PipelinedStarts: Sendable {
  /// What is started, and how many at a time.
  struct Load: Sendable {
    var namespace = ""
    var workflow: String
    /// JSON; the workflow's output must be the same.
    var input: [UInt8]
    var inFlight: Int
  }

  fileprivate struct State {
    var toStart: Int
    var toFinish: Int
    /// Milliseconds from start to result.
    var samples: [Double] = []
    var failure: BenchError?
    var done: CheckedContinuation<[Double], any Error>?
  }

  private let client: GRPCClient
  private let load: Load
  private let state: Mutex<State>

  /// Without a `count` it goes on until `stop()`.
  init(client: GRPCClient, load: Load, count: Int = .max) {
    self.client = client
    self.load = load
    state = Mutex(State(toStart: count, toFinish: count))
  }

  /// - Returns: what each took, in milliseconds.
  func run() async throws -> [Double] {
    try await withCheckedThrowingContinuation { continuation in
      state.withLock { $0.done = continuation }
      for _ in 0..<load.inFlight { startNext() }
    }
  }

  /// Starts no more; `run` returns when those under way are done.
  func stop() {
    state.withLock { state in
      state.toFinish -= state.toStart
      state.toStart = 0
      return state.takeIfDone()
    }.map { $0.resume(returning: $1) }
  }

  private func startNext() {
    let mayStart = state.withLock { state in
      guard state.toStart > 0 else { return false }
      state.toStart -= 1
      return true
    }
    guard mayStart else { return }
    let begin = ContinuousClock.now
    let request = StartWorkflowRequest(
      namespace: load.namespace, workflowType: load.workflow, input: Payload(data: load.input, encoding: "json"))
    client.unary(WorkflowService.StartWorkflow.self, request, deadline: .seconds(60), waitForReady: true) { result in
      switch result {
      case .success(let response): self.wait(response.runID, begin)
      case .failure(let status): self.fail("a start failed: \(status)")
      }
    }
  }

  private func wait(_ runID: String, _ begin: ContinuousClock.Instant) {
    let request = WaitRunRequest(
      namespace: load.namespace, runID: runID, wait: ProtoDuration(seconds: 60, nanos: 0))
    client.unary(WorkflowService.WaitRun.self, request, deadline: .seconds(90)) { result in
      switch result {
      case .success(let response):
        guard response.closed, let run = response.run, run.status == .completed, run.output?.data == self.load.input
        else { return self.fail("run \(runID) ended otherwise: \(response)") }
        self.finished(begin.duration(to: .now) / .milliseconds(1))
      case .failure(let status): self.fail("a wait failed: \(status)")
      }
    }
  }

  private func finished(_ sample: Double) {
    let done = state.withLock { state in
      state.samples.append(sample)
      state.toFinish -= 1
      return state.takeIfDone()
    }
    if let (continuation, samples) = done { continuation.resume(returning: samples) }
    startNext()
  }

  private func fail(_ message: String) {
    state.withLock { state in
      state.toStart = 0
      return state.done.take()
    }?.resume(throwing: BenchError(message))
  }
}

extension PipelinedStarts.State {
  fileprivate mutating func takeIfDone() -> (CheckedContinuation<[Double], any Error>, [Double])? {
    guard toFinish <= 0, let continuation = done.take() else { return nil }
    return (continuation, samples)
  }
}

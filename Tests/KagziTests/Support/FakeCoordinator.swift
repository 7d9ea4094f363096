import Dispatch
import GRPC
import Messages
import Synchronization

@testable import Kagzi

/// A coordinator in memory that keeps the protocol's rules, with faults that a seed chooses: whole tasks where a delta
/// would do, streams that break, retries in place or not, steps in pages.
final class FakeCoordinator: Coordinator {
  struct Faults {
    /// Percent of tasks of suspended runs that are sent whole.
    var wholeTasks = 0
    /// Percent of messages after which the stream breaks.
    var brokenStreams = 0
    /// Percent of reports that are refused as unavailable once.
    var unavailable = 0
    /// Percent of retries that are not in place.
    var retriesElsewhere = 0
    /// Steps in a whole task; the rest is fetched. Nil: all.
    var pageSize: Int?
  }

  struct FakeRun {
    var type: String
    var version: UInt32
    var input: Payload
    var steps: [String: StepRecord] = [:]
    var order: [String] = []
    var groups: [String: FakeGroup] = [:]
    /// Groups that were resolved since the last task.
    var groupNews: [String] = []
    /// Signals that no step took, oldest first.
    var signals: [(name: String, payload: Payload)] = []

    var token: [UInt8]?
    var epoch = 0
    var isReady = true
    var isSticky = false
    var news: [String] = []
    /// Something happened that the function waits for.
    var isWoken = false
    var isCancelRequested = false
    var outcome: WorkflowReport.Outcome?
    var waiters: [CheckedContinuation<WorkflowReport.Outcome, Never>] = []
    var parent: (run: String, step: String)?
    /// Tasks that were handed out.
    var tasks = 0
    var deltas = 0
  }

  struct FakeActivity {
    var runID: String
    var schedule: ScheduleActivity
    var attempt: UInt32 = 1
    var token: [UInt8]?
    var progress: Payload?
  }

  struct State {
    var generator: SeededGenerator
    var faults: Faults
    var runs: [String: FakeRun] = [:]
    var activities: [String: FakeActivity] = [:]
    var received: (@Sendable (WorkResponse) -> Void)?
    var closed: (@Sendable (Status) -> Void)?
    var streams = 0
    var workflowSlots: UInt32 = 0
    var activitySlots: UInt32 = 0
    var answers: [UInt64: ReportAnswer] = [:]
    var refusedOnce: Set<UInt64> = []
    var accepted: [[UInt8]] = []
    var lastToken = 0
    var violations: [String] = []
    var reports: [TaskReport] = []
    var hellos: [Hello] = []
    var beats: [Beat] = []
    var goodbyes = 0
    var registrations: [RegisterWorkerRequest] = []
    var children: [StartChild] = []
    var signalWaits: [(run: String, wait: AwaitSignal)] = []
    var pagesDeltas = false
    /// The run whose report is being taken: its answer tells of the groups that the report resolves.
    var reporting: String?
    var heartbeatInterval = Duration.seconds(10)
    /// Calls of FetchSteps.
    var fetches = 0
    var watchers: [(@Sendable (State) -> Bool, CheckedContinuation<Void, Never>)] = []

    mutating func newToken(_ kind: String) -> [UInt8] {
      lastToken += 1
      return Array("\(kind)-\(lastToken)".utf8)
    }
  }

  let state: Mutex<State>
  /// Delivers messages in order, off the sender's thread.
  let delivery = DispatchQueue(label: "fake.delivery")

  init(seed: UInt64 = 0, faults: Faults = Faults()) {
    state = Mutex(State(generator: SeededGenerator(seed), faults: faults))
  }

  // MARK: What tests do

  func start(_ type: String, _ input: some Encodable, id: String, version: UInt32 = 1) throws {
    let input = try PayloadCoding.encode(input)
    update { $0.runs[id] = FakeRun(type: type, version: version, input: input) }
  }

  func outcome(of runID: String) async -> WorkflowReport.Outcome {
    await withCheckedContinuation { continuation in
      let outcome = state.withLock { state -> WorkflowReport.Outcome? in
        if let outcome = state.runs[runID]?.outcome { return outcome }
        state.runs[runID]?.waiters.append(continuation)
        return nil
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }

  func result<Value: Decodable>(of runID: String, as type: Value.Type) async throws -> Value {
    switch await outcome(of: runID) {
    case .complete(let complete): return try PayloadCoding.decode(type, from: complete.output)
    case .fail(let fail): throw StepError(fail.failure ?? Failure())
    case let outcome: throw StepError(.unknown, "\(outcome)")
    }
  }

  func cancel(_ runID: String) {
    update { state in
      state.runs[runID]?.isCancelRequested = true
      state.runs[runID]?.isReady = true
      if let token = state.runs[runID]?.token {
        self.deliver(.cancel(CancelTask(token: token, reason: "test")), &state)
      }
    }
  }

  /// Waits until the state is so.
  func until(_ condition: @escaping @Sendable (State) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isSo = state.withLock { state in
        if condition(state) { return true }
        state.watchers.append((condition, continuation))
        return false
      }
      if isSo { continuation.resume() }
    }
  }

  /// Takes the run's task away from the worker; it comes again as a whole.
  func takeAway(_ runID: String) {
    update { state in
      guard let token = state.runs[runID]?.token else { return }
      state.runs[runID]?.token = nil
      state.runs[runID]?.isSticky = false
      state.runs[runID]?.isReady = true
      deliver(.lost(TaskLost(tokens: [token], reason: "test")), &state)
    }
  }

  /// Deltas come in pages, too.
  func pagesDeltas() {
    state.withLock { $0.pagesDeltas = true }
  }

  func send(_ message: WorkResponse.Message) {
    state.withLock { deliver(message, &$0) }
  }

  func breakStream(_ status: Status = Status(.unavailable, "broken by the test")) {
    state.withLock { breakStream(&$0, status) }
  }

  // MARK: Coordinator

  func register(_ request: RegisterWorkerRequest) async throws(Status) -> RegisterWorkerResponse {
    let interval = state.withLock { state in
      state.registrations.append(request)
      return state.heartbeatInterval
    }
    return RegisterWorkerResponse(
      sessionID: "session", leaseDuration: ProtoDuration(seconds: 30, nanos: 0),
      heartbeatInterval: ProtoDuration(interval))
  }

  func fetchSteps(_ request: FetchStepsRequest) async throws(Status) -> FetchStepsResponse {
    state.withLock { state in
      state.fetches += 1
      guard let run = state.runs.values.first(where: { $0.token == request.token }) else { return FetchStepsResponse() }
      let from = Int(request.moreStepsToken) ?? 0
      let keys = run.order.dropFirst(from).prefix(state.faults.pageSize ?? .max)
      let next = from + keys.count
      return FetchStepsResponse(
        steps: keys.compactMap { run.steps[$0] }, moreStepsToken: next < run.order.count ? "\(next)" : "")
    }
  }

  func openWork(
    received: @escaping @Sendable (WorkResponse) -> Void, closed: @escaping @Sendable (Status) -> Void
  ) async throws(Status) -> any WorkStream {
    state.withLock { state in
      state.streams += 1
      state.received = received
      state.closed = closed
      state.workflowSlots = 0
      state.activitySlots = 0
      return FakeStream(coordinator: self, number: state.streams)
    }
  }

  final class FakeStream: WorkStream {
    let coordinator: FakeCoordinator
    let number: Int

    init(coordinator: FakeCoordinator, number: Int) {
      self.coordinator = coordinator
      self.number = number
    }

    func send(_ request: WorkRequest) { coordinator.take(request, number) }
    func merge(_ request: WorkRequest, atMost maxParts: Int) { coordinator.take(request, number) }
    func finish() { cancel() }
    func cancel() {
      coordinator.state.withLock { state in
        if state.streams == number { coordinator.breakStream(&state, Status(.cancelled)) }
      }
    }
  }

  // MARK: Rules

  func update(_ change: (inout State) -> Void) {
    let woken = state.withLock { state in
      change(&state)
      dispatch(&state)
      let watchers = state.watchers
      state.watchers = watchers.filter { !$0.0(state) }
      return watchers.filter { $0.0(state) }.map(\.1)
    }
    for watcher in woken { watcher.resume() }
  }

  func deliver(_ message: WorkResponse.Message, _ state: inout State) {
    guard let received = state.received else { return }
    let response =
      switch message {
      case .task(let task): WorkResponse(tasks: [task])
      case .answer(let answer): WorkResponse(answers: [answer])
      default: WorkResponse(message: message)
      }
    delivery.async { received(response) }
  }

  func breakStream(_ state: inout State, _ status: Status) {
    guard let closed = state.closed else { return }
    state.closed = nil
    state.received = nil
    delivery.async { closed(status) }
  }
}

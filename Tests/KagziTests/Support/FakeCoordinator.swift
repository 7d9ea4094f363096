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
  private let delivery = DispatchQueue(label: "fake.delivery")

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

  private func breakStream(_ state: inout State, _ status: Status) {
    guard let closed = state.closed else { return }
    state.closed = nil
    state.received = nil
    delivery.async { closed(status) }
  }

  private func take(_ request: WorkRequest, _ stream: Int) {
    update { state in
      guard state.streams == stream, state.received != nil else { return }
      for report in request.reports { answer(report, &state) }
      switch request.message {
      case .hello(let hello): welcome(hello, &state)
      case .grant(let grant): add(grant, &state)
      case .accepted(let accepted): state.accepted += accepted.tokens
      case .report(let report): answer(report, &state)
      case .beat(let beat):
        state.beats.append(beat)
        for progress in beat.progress {
          for (key, activity) in state.activities where activity.token == progress.token {
            if let details = progress.details { state.activities[key]?.progress = details }
          }
        }
        deliver(.beat(BeatAnswer()), &state)
      case .goodbye:
        state.goodbyes += 1
        breakStream(&state, .ok)
      case nil: if request.reports.isEmpty { state.violations.append("An empty message") }
      }
      if state.generator.chance(state.faults.brokenStreams) { breakStream(&state, Status(.unavailable)) }
    }
  }

  private func welcome(_ hello: Hello, _ state: inout State) {
    state.hellos.append(hello)
    let held = Set(hello.heldTokens)
    for (id, run) in state.runs {
      guard let token = run.token, !held.contains(token) else { continue }
      state.runs[id]?.token = nil
      state.runs[id]?.isReady = true
      state.runs[id]?.isSticky = false
    }
    for (key, activity) in state.activities {
      guard let token = activity.token, !held.contains(token) else { continue }
      state.activities[key]?.token = nil
    }
    if !hello.takesBatches { state.violations.append("Tasks and answers are sent in batches") }
    deliver(
      .welcome(
        Welcome(
          sessionID: hello.sessionID, limits: WorkerLimits(maxReports: 100), resumed: state.hellos.count > 1)),
      &state)
    for id in state.runs.keys.sorted() { tellHolder(of: id, &state) }
  }

  private func add(_ grant: SlotGrant, _ state: inout State) {
    state.workflowSlots += grant.workflowSlots
    state.activitySlots += grant.activitySlots
  }

  private func answer(_ report: TaskReport, _ state: inout State) {
    state.reports.append(report)
    if let grant = report.grant { add(grant, &state) }
    if let answer = state.answers[report.reportID] { return deliver(.answer(answer), &state) }
    if state.generator.chance(state.faults.unavailable), state.refusedOnce.insert(report.reportID).inserted {
      return deliver(
        .answer(ReportAnswer(reportID: report.reportID, rejection: Rejection(reason: .unavailable))), &state)
    }
    var answer = ReportAnswer(reportID: report.reportID)
    switch report.report {
    case .workflow(let workflow): take(workflow, report.token, &answer, &state)
    case .activity(let activity): take(activity, report.token, &answer, &state)
    case nil: state.violations.append("An empty report")
    }
    state.answers[report.reportID] = answer
    deliver(.answer(answer), &state)
  }

  private func take(
    _ report: WorkflowReport, _ token: [UInt8], _ answer: inout ReportAnswer, _ state: inout State
  ) {
    guard let id = state.runs.first(where: { $0.value.token == token })?.key, state.runs[id]?.outcome == nil else {
      answer.rejection = Rejection(reason: .leaseLost, message: "The fake gave it away")
      return
    }
    state.reporting = id
    defer { state.reporting = nil }
    for command in report.commands { open(command, id, &state) }
    let wasWoken = state.runs[id]?.isWoken ?? false
    for result in report.results { answer.decisions.append(decide(result, id, &state)) }
    // The answer tells of groups that the report resolved; the run is not woken for them.
    state.runs[id]?.isWoken = wasWoken
    let named = report.commands.compactMap { command in
      if case .openGroup(let open) = command.command { open.key } else { nil as String? }
    }
    let reported = Set(report.results.map(\.group).filter { !$0.isEmpty } + named)
    answer.resolvedGroups = reported.sorted().compactMap { state.runs[id]?.groups[$0]?.resolved }
    for command in report.commands { execute(command, id, &state) }
    switch report.outcome {
    case .continue: return
    case .suspend(let suspend):
      if report.results.isEmpty == false { state.violations.append("A suspending report with results") }
      state.runs[id]?.isSticky = suspend.sticky
      let isWoken = state.runs[id]?.isWoken ?? false
      state.runs[id]?.isReady = isWoken
    case .giveBack:
      state.runs[id]?.isReady = true
      state.runs[id]?.isSticky = false
    case nil: state.violations.append("A report without an outcome")
    default: close(id, report.outcome, &state)
    }
    state.runs[id]?.token = nil
  }

  private func close(_ id: String, _ outcome: WorkflowReport.Outcome?, _ state: inout State) {
    guard let outcome else { return }
    state.runs[id]?.outcome = outcome
    settleParent(of: id, outcome, &state)
    state.runs[id]?.isReady = false
    for waiter in state.runs[id]?.waiters ?? [] { waiter.resume(returning: outcome) }
    state.runs[id]?.waiters = []
  }

  private func decide(_ result: StepResult, _ id: String, _ state: inout State) -> StepDecision {
    if state.runs[id]?.groups[result.group]?.resolved != nil {
      // Too late: what the group was resolved to stays.
      return StepDecision(key: result.key, decision: .recorded(Recorded()))
    }
    if !result.group.isEmpty, state.runs[id]?.groups[result.group] == nil {
      state.violations.append("\(result.key) names a group that is not open")
    }
    if let old = state.runs[id]?.steps[result.key], old.state != .retrying {
      state.violations.append("\(result.key) was recorded already")
    }
    var record = StepRecord(key: result.key, kind: .local, attempt: result.attempt, group: result.group)
    defer {
      record.save(in: &state.runs[id]!)
      if record.state != .retrying { count(record, id, &state) }
    }
    switch result.outcome {
    case .output(let output):
      record.state = .completed
      record.output = output
      return StepDecision(key: result.key, decision: .recorded(Recorded()))
    case .failure(let failure):
      record.failure = failure
      guard let policy = result.retryPolicy, result.attempt < policy.maxAttempts ?? 5 else {
        record.state = .failed
        return StepDecision(key: result.key, decision: .failedForGood(FailedForGood(reason: "attempts")))
      }
      record.state = .retrying
      record.attempt = result.attempt + 1
      let inPlace = !state.generator.chance(state.faults.retriesElsewhere)
      if !inPlace { wakeLater(id, result.key) }
      return StepDecision(
        key: result.key,
        decision: .retry(
          Retry(nextAttempt: result.attempt + 1, delay: ProtoDuration(seconds: 0, nanos: 1_000_000), inPlace: inPlace)))
    case nil:
      state.violations.append("A result without an outcome")
      return StepDecision(key: result.key)
    }
  }

  private func wakeLater(_ id: String, _ key: String) {
    delivery.asyncAfter(deadline: .now() + .milliseconds(2)) {
      self.update { state in
        guard state.runs[id]?.steps[key]?.state == .retrying else { return }
        state.runs[id]?.news.append(key)
        state.runs[id]?.isWoken = true
        if state.runs[id]?.outcome == nil { state.runs[id]?.isReady = true }
      }
    }
  }

  private func execute(_ command: Command, _ id: String, _ state: inout State) {
    switch command.command {
    case .scheduleActivity(let schedule):
      guard state.runs[id]?.steps[schedule.key] == nil else {
        return state.violations.append("\(schedule.key) was scheduled twice")
      }
      StepRecord(key: schedule.key, kind: .activity, state: .ready, attempt: 1, group: schedule.group)
        .save(in: &state.runs[id]!)
      if let group = state.runs[id]?.groups[schedule.group], group.resolved != nil {
        return settle(id, schedule.key, .failure(Failure(kind: .cancelled)), &state)
      }
      state.activities["\(id)/\(schedule.key)"] = FakeActivity(runID: id, schedule: schedule)
    case .startTimer(let timer):
      StepRecord(key: timer.key, kind: .sleep, state: .waiting, attempt: 1).save(in: &state.runs[id]!)
      // Longer sleeps than a test's never end.
      if case .delay(let delay) = timer.due, delay.seconds > 0 { return }
      delivery.asyncAfter(deadline: .now() + .milliseconds(1)) {
        self.update { self.settle(id, timer.key, .success(PayloadCoding.null), &$0) }
      }
    case .openGroup: return
    case .cancelStep(let cancel) where state.runs[id]?.groups[cancel.key] != nil:
      resolve(cancel.key, GroupRecord(key: cancel.key, verdict: .cancelled), id, &state)
    case .startChild(let child): start(child, id, &state)
    case .awaitSignal(let wait): self.wait(wait, id, &state)
    case .cancelStep(let cancel):
      state.activities["\(id)/\(cancel.key)"] = nil
      settle(id, cancel.key, .failure(Failure(kind: .cancelled)), &state)
    case nil: state.violations.append("An empty command")
    }
  }

  func settle(_ id: String, _ key: String, _ outcome: StepOutcome, _ state: inout State) {
    guard var record = state.runs[id]?.steps[key], !record.isSettled else { return }
    switch outcome {
    case .success(let output):
      record.state = .completed
      record.output = output
    case .failure(let failure):
      record.state = failure.kind == .cancelled ? .cancelled : .failed
      record.failure = failure
    }
    record.save(in: &state.runs[id]!)
    state.runs[id]?.news.append(key)
    count(record, id, &state)
    // A member of a group with known members wakes the run only by resolving it.
    if let group = state.runs[id]?.groups[record.group], group.open.memberCount > 0 { return }
    wake(id, &state)
  }

  func wake(_ id: String, _ state: inout State) {
    state.runs[id]?.isWoken = true
    if state.runs[id]?.outcome == nil { state.runs[id]?.isReady = true }
  }

  private func take(
    _ report: ActivityReport, _ token: [UInt8], _ answer: inout ReportAnswer, _ state: inout State
  ) {
    guard let (key, activity) = state.activities.first(where: { $0.value.token == token }) else {
      answer.rejection = Rejection(reason: .leaseLost)
      return
    }
    state.activities[key]?.token = nil
    let step = activity.schedule.key
    switch report.outcome {
    case .output(let output): settle(activity.runID, step, .success(output), &state)
    case .failure(let failure):
      guard activity.attempt >= activity.schedule.retryPolicy?.maxAttempts ?? 5 else {
        state.activities[key]?.attempt += 1
        return
      }
      settle(activity.runID, step, .failure(failure), &state)
    case .cancelled: settle(activity.runID, step, .failure(Failure(kind: .cancelled)), &state)
    case .giveBack: return
    case .completesLater: return
    case nil: state.violations.append("An activity report without an outcome")
    }
    state.activities[key] = nil
  }

  // MARK: Dispatch

  private func dispatch(_ state: inout State) {
    guard state.received != nil, state.hellos.count > 0 else { return }
    for id in state.runs.keys.sorted() {
      guard state.workflowSlots > 0 else { break }
      guard let run = state.runs[id], run.isReady, run.token == nil, run.outcome == nil else { continue }
      state.workflowSlots -= 1
      handOut(id, run, &state)
    }
    for key in state.activities.keys.sorted() {
      guard state.activitySlots > 0 else { break }
      guard let activity = state.activities[key], activity.token == nil else { continue }
      state.activitySlots -= 1
      let token = state.newToken("activity")
      state.activities[key]?.token = token
      deliver(
        .task(
          WorkerTask(
            token: token, runID: activity.runID, attempt: activity.attempt,
            task: .activity(
              ActivityTask(
                activityType: activity.schedule.activityType, activityVersion: 1, step: activity.schedule.key,
                input: activity.schedule.input, progress: activity.progress)))), &state)
    }
  }

  private func handOut(_ id: String, _ run: FakeRun, _ state: inout State) {
    let token = state.newToken("run")
    let isDelta = run.isSticky && run.tasks > 0 && !state.generator.chance(state.faults.wholeTasks)
    var workflow = WorkflowTask(
      delta: isDelta, cancelRequested: run.isCancelRequested, cancelReason: run.isCancelRequested ? "test" : "",
      now: Timestamp(seconds: 1_700_000_000, nanos: 0), seed: 7)
    if isDelta {
      workflow.steps = Set(run.news).sorted().compactMap { run.steps[$0] }
      if state.pagesDeltas, let page = state.faults.pageSize, workflow.steps.count > page {
        // The rest comes with all that is recorded.
        workflow.steps = Array(workflow.steps.prefix(page))
        workflow.moreStepsToken = "0"
      }
      workflow.groups = run.groupNews.compactMap { run.groups[$0]?.record }
    } else {
      workflow.input = run.input
      workflow.groups = run.groups.keys.sorted().compactMap { run.groups[$0]?.record }
      let page = state.faults.pageSize ?? .max
      workflow.steps = run.order.prefix(page).compactMap { run.steps[$0] }
      if run.order.count > page { workflow.moreStepsToken = "\(page)" }
    }
    state.runs[id]?.token = token
    state.runs[id]?.isReady = false
    state.runs[id]?.news = []
    state.runs[id]?.groupNews = []
    state.runs[id]?.isWoken = false
    state.runs[id]?.tasks += 1
    if isDelta { state.runs[id]?.deltas += 1 }
    deliver(
      .task(
        WorkerTask(
          token: token, runID: id, workflowID: "id-\(id)", workflowType: run.type, workflowVersion: run.version,
          attempt: 1, task: .workflow(workflow))), &state)
  }
}

extension StepRecord {
  var isSettled: Bool { state == .completed || state == .failed || state == .cancelled }

  func save(in run: inout FakeCoordinator.FakeRun) {
    if run.steps.updateValue(self, forKey: key) == nil { run.order.append(key) }
  }
}

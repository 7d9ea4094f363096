internal import Messages

/// The state of one workflow function and the run it advances, without I/O and without concurrency.
///
/// It is told what the function asks for (`ask`, `closureEnded`, `functionEnded`) and what the coordinator says
/// (`taskArrived`, `answered`, `cancelRequested`), and says what to do: `RunAction`s, and, when nothing in the function
/// can go on (`becameIdle`), the one report of everything gathered.
///
/// Parallel groups are in `RunMachine+Groups.swift`: the coordinator resolves them, the machine carries that out.
///
/// Faults: two steps of one name in flight are the program's and are thrown into it; a step that changed its kind or is
/// asked for no more is a version conflict and parks the run; answers and records of keys it does not know are ignored.
struct RunMachine {
  /// Limits that the coordinator announced.
  struct Limits: Sendable {
    var maxPayloadBytes = 2 * 1024 * 1024
    var maxReportItems = 1_000
  }

  /// The longest delay of a retry whose record came with a task that is waited for without suspending.
  static let inPlaceDelay = Duration.seconds(1)
  /// The longest name of a step, in bytes.
  static let maxNameBytes = 256
  /// The longest key of a step or a group, in bytes.
  static let maxKeyBytes = 512

  struct Step {
    enum State {
      /// Its outcome is recorded.
      case settled(StepOutcome)
      /// The coordinator knows it, or is told with the next report; it settles some day.
      case pending
      /// Its closure is running, or about to.
      case executing(attempt: UInt32)
      /// It ended; the outcome is not recorded yet.
      case ended(StepOutcome)
      /// It runs this attempt after this delay as soon as it is asked for.
      case due(attempt: UInt32, delay: Duration)
      /// It failed; the coordinator wakes the run for the next attempt.
      case retrying
      /// It was asked for while no task was held, and runs with the next one.
      case gated
    }

    var kind: StepKind
    var state: State
    var isAsked = false
  }

  struct Waiter {
    var isShielded: Bool
  }

  var steps: [String: Step] = [:]
  var groups: [String: Group] = [:]
  /// What is recorded of groups, asked for or not.
  var recordedGroups: [String: GroupRecord] = [:]
  private var uses: [String: Int] = [:]
  /// Names in flight, by key.
  private var openNames: [String: String] = [:]
  private var inUse: Set<String> = []
  var waiting: [String: Waiter] = [:]
  var results: [StepResult] = []
  /// Groups to open. They go before everything else, because members name them.
  var opens: [Command] = []
  var commands: [Command] = []
  /// The results of the report in flight.
  private var resultsInFlight: [StepResult] = []
  private(set) var hasReportInFlight = false
  private var lastReport: UInt64 = 0
  /// Keys that were asked for while no task was held.
  private var gated: [String] = []
  var runningClosures = 0
  /// Closures that still run although what they give does not count any more.
  var abandonedClosures: Set<String> = []
  /// Groups that were resolved elsewhere, with their members; not taken yet.
  var news: [(groups: [GroupRecord], steps: [StepRecord])] = []
  /// Groups whose members' records are being fetched.
  var fetching = 0
  private(set) var outcome: WorkflowReport.Outcome?
  private(set) var isHalted = false
  private(set) var isDropped = false
  private(set) var holdsTask = false
  var cancelReason: String?
  var limits: Limits

  /// Whether recorded steps may be left unasked for: a later attempt of the run may go another way, such as past a step
  /// that failed in the one before and whose compensation is recorded.
  private let mayForgetSteps: Bool

  init(limits: Limits = Limits(), mayForgetSteps: Bool = false) {
    self.mayForgetSteps = mayForgetSteps
    self.limits = limits
  }

  // MARK: What the coordinator says

  /// A workflow task: the first one with the recorded steps, or a delta for the suspended function.
  mutating func taskArrived(_ task: WorkflowTask, into actions: inout [RunAction]) {
    holdsTask = true
    // A task that comes before the answer of the suspending report proves that it was recorded.
    hasReportInFlight = false
    for record in task.steps { merge(record, into: &actions) }
    for record in task.groups { groupRecorded(record, into: &actions) }
    takeNews(into: &actions)
    if task.cancelRequested { cancelReason = task.cancelReason }
    wakeCancelled(into: &actions)
    let started = gated
    gated = []
    for key in started where waiting[key] != nil { execute(key, attempt: 1, delay: .zero, into: &actions) }
  }

  mutating func merge(_ record: StepRecord, into actions: inout [RunAction]) {
    let isAsked = steps[record.key]?.isAsked ?? false
    switch steps[record.key]?.state {
    case .settled, .executing, .ended: return
    default: break
    }
    steps[record.key] = Step(kind: record.kind, state: Self.state(of: record), isAsked: isAsked)
    guard waiting[record.key] != nil else { return }
    switch steps[record.key]?.state {
    case .settled(let outcome): wake(record.key, .settled(outcome), into: &actions)
    case .due(let attempt, let delay) where delay <= Self.inPlaceDelay:
      execute(record.key, attempt: attempt, delay: delay, into: &actions)
    case .due: steps[record.key]?.state = .retrying
    default: break
    }
  }

  static func state(of record: StepRecord) -> Step.State {
    switch record.state {
    case .completed: .settled(.success(record.output ?? PayloadCoding.null))
    case .failed: .settled(.failure(record.failure ?? Failure(kind: .unknown)))
    case .cancelled where !record.group.isEmpty: .settled(.failure(overFailure(record.group)))
    case .cancelled: .settled(.failure(record.failure ?? Failure(kind: .cancelled, message: "The step was cancelled")))
    default:
      if record.kind == .local {
        .due(attempt: max(record.attempt, 1), delay: record.retryDelay.map { Duration($0) } ?? .zero)
      } else {
        .pending
      }
    }
  }

  /// The answer to a report. Late answers, to others than the one in flight, are ignored.
  mutating func answered(
    _ report: UInt64, _ decisions: [StepDecision], resolvedGroups: [GroupRecord] = [],
    into actions: inout [RunAction]
  ) {
    guard hasReportInFlight, report == lastReport else { return }
    hasReportInFlight = false
    let decisions = Dictionary(decisions.map { ($0.key, $0.decision) }, uniquingKeysWith: { first, _ in first })
    let answered = resultsInFlight
    resultsInFlight = []
    for result in answered where !isLate(result, resolvedGroups) {
      decide(result, decisions[result.key] ?? nil, into: &actions)
    }
    for record in resolvedGroups { groupResolved(record, answered, into: &actions) }
    takeNews(into: &actions)
  }

  private mutating func decide(
    _ result: StepResult, _ decision: StepDecision.Decision?, into actions: inout [RunAction]
  ) {
    guard case .ended(let outcome)? = steps[result.key]?.state else { return }
    if case .retry(let retry)? = decision {
      if retry.inPlace {
        let delay = retry.delay.map { Duration($0) } ?? .zero
        execute(result.key, attempt: max(retry.nextAttempt, result.attempt + 1), delay: delay, into: &actions)
      } else {
        steps[result.key]?.state = .retrying
        if cancelReason != nil { wakeCancelled(into: &actions) }
      }
      return
    }
    steps[result.key]?.state = .settled(outcome)
    wake(result.key, .settled(outcome), into: &actions)
  }

  /// Cancellation was asked for. Without a task in hand it takes effect with the next one, which says so again.
  mutating func cancelRequested(reason: String, into actions: inout [RunAction]) {
    guard cancelReason == nil, holdsTask else { return }
    cancelReason = reason
    wakeCancelled(into: &actions)
  }

  private mutating func wakeCancelled(into actions: inout [RunAction]) {
    guard let cancelReason else { return }
    for (key, waiter) in waiting where !waiter.isShielded {
      if let group = Self.group(ofWait: key) {
        giveUp(group, .cancelled(reason: cancelReason), into: &actions)
      } else if isCancellable(key) {
        wake(key, .cancelled(reason: cancelReason), into: &actions)
      }
    }
  }

  private func isCancellable(_ key: String) -> Bool {
    switch steps[key]?.state {
    case .pending, .retrying, .gated: true
    default: false
    }
  }

  // MARK: What the function does

  /// The function asks for a step. For other kinds than local ones, `command` makes what the coordinator is told.
  mutating func ask(_ ask: StepAsk, command: (String) -> Command.CommandKind?) -> StepReply {
    if isDropped { return .now(key: ask.name, .dropped) }
    if isHalted || outcome != nil { return .halt }
    if let fault = Self.fault(ofName: ask.name, limit: ask.group == nil ? Self.maxNameBytes : Self.maxKeyBytes) {
      return .fault(fault)
    }
    let (key, use) = nextKey(ask.name)
    if inUse.contains(ask.name) || steps[key]?.isAsked == true { return .fault(DuplicateStepName(name: ask.name)) }
    uses[ask.name] = use
    if let recorded = steps[key], recorded.kind != ask.kind {
      haltForKind(key, recorded.kind, ask.kind)
      return .halt
    }
    steps[key]?.isAsked = true
    if let group = ask.group { joined(group, key, ask.kind) }
    return reply(to: ask, key: key, command: command)
  }

  /// The key of a name's next use.
  func nextKey(_ name: String) -> (key: String, use: Int) {
    let use = uses[name, default: 0] + 1
    return (use == 1 ? name : "\(name)#\(use)", use)
  }

  /// Counts a use.
  mutating func use(_ name: String) {
    uses[name, default: 0] += 1
  }

  static func fault(ofName name: String, limit: Int = maxNameBytes) -> (any Error)? {
    guard name.isEmpty || name.utf8.count > limit || name.utf8.contains(0) else { return nil }
    return StepError(.invalidInput, "A step's name has 1 to \(limit) bytes", source: name)
  }

  mutating func haltForKind(_ key: String, _ recorded: StepKind, _ asked: StepKind) {
    halt("Step \"\(key)\" is recorded as \(recorded.name), and the function asks for it as \(asked.name)")
  }

  mutating func reply(
    to ask: StepAsk, key: String, command: (String) -> Command.CommandKind?
  ) -> StepReply {
    if case .settled(let outcome)? = steps[key]?.state { return .now(key: key, .settled(outcome)) }
    if let cancelReason, !ask.isShielded { return .now(key: key, .cancelled(reason: cancelReason)) }
    switch steps[key]?.state {
    case .due(let attempt, let delay) where delay <= Self.inPlaceDelay:
      steps[key]?.state = .executing(attempt: attempt)
      runningClosures += 1
      open(ask, key)
      return .now(key: key, .execute(attempt: attempt, delay: delay))
    case .due:
      steps[key]?.state = .retrying
    case nil where ask.kind == .local && !holdsTask:
      steps[key] = Step(kind: ask.kind, state: .gated, isAsked: true)
      gated.append(key)
    case nil where ask.kind == .local:
      steps[key] = Step(kind: ask.kind, state: .executing(attempt: 1), isAsked: true)
      runningClosures += 1
      open(ask, key)
      return .now(key: key, .execute(attempt: 1, delay: .zero))
    case nil:
      steps[key] = Step(kind: ask.kind, state: .pending, isAsked: true)
      if let kind = command(key) { commands.append(Command(command: kind)) }
    default: break
    }
    open(ask, key)
    waiting[key] = Waiter(isShielded: ask.isShielded)
    return .wait(key: key)
  }

  /// An attempt of a local step ended; the call waits for the key from now on.
  mutating func closureEnded(_ result: StepResult, isShielded: Bool) -> StepReply {
    if abandonedClosures.remove(result.key) == nil {
      runningClosures -= 1
    } else if case .settled(let outcome)? = steps[result.key]?.state {
      return .now(key: result.key, isDropped ? .dropped : .settled(outcome))
    }
    if isDropped { return .now(key: result.key, .dropped) }
    if isHalted { return .halt }
    guard let outcome = result.outcome else { return .halt }
    switch outcome {
    case .output(let payload): steps[result.key]?.state = .ended(.success(payload))
    case .failure(let failure): steps[result.key]?.state = .ended(.failure(failure))
    }
    results.append(result)
    waiting[result.key] = Waiter(isShielded: isShielded)
    return .wait(key: result.key)
  }

  /// A local step's closure was not run after all, because the run is being cancelled.
  mutating func closureAbandoned(_ key: String) {
    if abandonedClosures.remove(key) != nil { return }
    runningClosures -= 1
    close(key)
    steps[key]?.state = .retrying
  }

  /// The Swift task that waits for the key was cancelled by the function itself. What is recorded soon is waited for.
  mutating func callerCancelled(_ key: String, into actions: inout [RunAction]) {
    if let group = Self.group(ofWait: key) { return giveUp(group, .callerCancelled, into: &actions) }
    guard waiting[key] != nil, isCancellable(key), let step = steps[key] else { return }
    if let index = commands.firstIndex(where: { $0.key == key }) {
      commands.remove(at: index)
    } else if step.kind != .local {
      commands.append(Command(command: .cancelStep(CancelStep(key: key))))
    }
    wake(key, .callerCancelled, into: &actions)
  }

  /// The function returned or threw.
  mutating func functionEnded(_ end: StepOutcome) {
    guard outcome == nil, !isHalted, !isDropped else { return }
    switch end {
    case .success(let output):
      if cancelReason == nil, let forgotten = forgottenSteps {
        halt(forgotten)
      } else {
        outcome = .complete(Complete(output: output))
      }
    case .failure(let failure): outcome = .fail(Fail(failure: failure))
    }
  }

  /// The function goes on as a new run. Nothing that it still does counts.
  mutating func continuesAsNew(_ continuation: ContinueAsNew, isShielded: Bool) -> StepReply {
    if isDropped { return .now(key: "", .dropped) }
    if isHalted || outcome != nil { return .halt }
    if let cancelReason, !isShielded { return .now(key: "", .cancelled(reason: cancelReason)) }
    if let forgotten = forgottenSteps {
      halt(forgotten)
    } else {
      outcome = .continueAsNew(continuation)
    }
    return .halt
  }

  private var forgottenSteps: String? {
    if mayForgetSteps { return nil }
    let keys = steps.filter { !$0.value.isAsked && $0.value.isCompleted }.keys.sorted()
    guard !keys.isEmpty else { return nil }
    let names = keys.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
    return "The function ended, and never asked for what is recorded as completed: \(names)"
  }

  /// Parks the run: its code cannot go on with what is recorded.
  mutating func halt(_ reason: String) {
    guard !isHalted else { return }
    isHalted = true
    outcome = .park(Park(reason: reason))
  }

  /// The function is no longer wanted.
  mutating func drop(into actions: inout [RunAction]) {
    guard !isDropped else { return }
    isDropped = true
    holdsTask = false
    actions.append(.discard)
  }

  // MARK: Reports

  /// Nothing in the function runs at this moment, except closures of local steps that the machine knows of.
  mutating func becameIdle(into actions: inout [RunAction]) {
    guard holdsTask, !hasReportInFlight, !isDropped else { return }
    let items = opens.count + results.count + commands.count
    if items > limits.maxReportItems {
      return send(.continue(Continue()), .goesOn, into: &actions)
    }
    if let outcome {
      send(outcome, .closes, into: &actions)
      return
    }
    if !results.isEmpty || (runningClosures > 0 && !(commands.isEmpty && opens.isEmpty)) {
      return send(.continue(Continue()), .goesOn, into: &actions)
    }
    // Without a call that waits, the function awaits something of its own and will go on by itself.
    guard runningClosures == 0, fetching == 0, !waiting.isEmpty else { return }
    send(.suspend(Suspend(sticky: true)), .suspends, into: &actions)
  }

  private mutating func send(
    _ outcome: WorkflowReport.Outcome, _ ending: RunEnding, into actions: inout [RunAction]
  ) {
    let openCount = min(opens.count, limits.maxReportItems)
    let resultCount = min(results.count, limits.maxReportItems - openCount)
    let commandCount = min(commands.count, limits.maxReportItems - openCount - resultCount)
    let report = WorkflowReport(
      results: Array(results.prefix(resultCount)),
      commands: Array(opens.prefix(openCount) + commands.prefix(commandCount)), outcome: outcome)
    resultsInFlight = report.results
    opens.removeFirst(openCount)
    results.removeFirst(resultCount)
    commands.removeFirst(commandCount)
    hasReportInFlight = true
    lastReport += 1
    if ending != .goesOn { holdsTask = false }
    actions.append(.send(report, number: lastReport, ending))
    if ending == .closes { drop(into: &actions) }
  }

  // MARK: Waiting

  private mutating func open(_ ask: StepAsk, _ key: String) {
    openNames[key] = ask.name
    inUse.insert(ask.name)
  }

  private mutating func close(_ key: String) {
    if let name = openNames.removeValue(forKey: key) { inUse.remove(name) }
  }

  private mutating func execute(_ key: String, attempt: UInt32, delay: Duration, into actions: inout [RunAction]) {
    steps[key]?.state = .executing(attempt: attempt)
    runningClosures += 1
    waiting[key] = nil
    actions.append(.wake(key: key, .execute(attempt: attempt, delay: delay)))
  }

  mutating func wake(_ key: String, _ wake: Wake, into actions: inout [RunAction]) {
    guard waiting.removeValue(forKey: key) != nil else { return }
    close(key)
    actions.append(.wake(key: key, wake))
  }
}

extension RunMachine.Step {
  fileprivate var isCompleted: Bool {
    if case .settled(.success) = state { true } else { false }
  }
}

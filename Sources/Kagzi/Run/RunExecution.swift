internal import Dispatch
internal import Messages
internal import Synchronization

/// One workflow function in memory: its Swift task, the executor that the task and its children run on, and the
/// machine that knows what the function waits for.
///
/// The executor runs one job at a time and counts them. When there is none left and no continuation is being resumed,
/// nothing in the function can go on except closures of local steps, which the machine counts; so the moment to report
/// is known exactly, without timers. Everything is behind one lock; continuations are resumed and reports are sent
/// outside it, and count as activity until that is done.
final class RunExecution: TaskExecutor {
  let facts: RunFacts
  private let reporter: any RunReporter
  private let state: Mutex<State>

  private struct State {
    var machine: RunMachine
    var jobs = JobQueue()
    var isDraining = false
    /// Transitions whose continuations are being resumed at this moment.
    var effects = 0
    var waiters: [String: UnsafeContinuation<Wake, Never>] = [:]
    /// Wakes that came before their call began to wait.
    var early: [String: Wake] = [:]
    var function: Task<Void, Never>?
    var random: UInt64
    /// Local members of groups, each a Swift task of its own.
    var members: [String: Member] = [:]
    /// Calls that found the run parked.
    var halted = 0
    /// Calls made after the function was dropped.
    var callsAfterDrop = 0
  }

  /// A local member of a group at work.
  private struct Member {
    var task: Task<Void, Never>
    /// Tells whoever waits for the member itself that it is over.
    var abandoned: @Sendable () -> Void
  }

  init(facts: RunFacts, limits: RunMachine.Limits, reporter: any RunReporter) {
    self.facts = facts
    self.reporter = reporter
    self.state = Mutex(
      State(machine: RunMachine(limits: limits, mayForgetSteps: facts.attempt > 1), random: facts.seed))
  }

  var limits: RunMachine.Limits { state.withLock { $0.machine.limits } }

  // MARK: The coordinator's side

  /// Gives the first task and calls the function.
  func begin(_ task: WorkflowTask, handler: @escaping WorkflowHandler) {
    update { state, actions in state.machine.taskArrived(task, into: &actions) }
    let context = WorkflowContext(run: self)
    let input = task.input
    let function = Task(executorPreference: self) {
      let end: StepOutcome
      do {
        end = .success(try await handler(context, input))
      } catch {
        end = .failure(self.failure(ofFunction: error))
      }
      self.update { state, _ in
        state.function = nil
        state.machine.functionEnded(end)
      }
    }
    let isDropped = state.withLock { state in
      state.function = function
      return state.machine.isDropped
    }
    if isDropped { function.cancel() }
  }

  /// A later task of the suspended function.
  func resume(_ task: WorkflowTask) {
    update { state, actions in state.machine.taskArrived(task, into: &actions) }
  }

  func answered(_ number: UInt64, _ answer: ReportAnswer) {
    update { state, actions in
      state.machine.answered(number, answer.decisions, resolvedGroups: answer.resolvedGroups, into: &actions)
    }
  }

  /// What `RunReporter.fetchRecords` was asked for.
  func recordsFetched(of group: String, _ records: [StepRecord]) {
    update { state, actions in state.machine.recordsFetched(of: group, records, into: &actions) }
  }

  /// Groups were resolved elsewhere while the task is held.
  func resolvedElsewhere(_ groups: [GroupRecord], _ steps: [StepRecord]) {
    update { state, actions in state.machine.resolvedElsewhere(groups, steps, into: &actions) }
  }

  func cancelRequested(reason: String) {
    update { state, actions in state.machine.cancelRequested(reason: reason, into: &actions) }
  }

  /// Drops the function: it is cancelled, and nothing that it still does counts.
  func drop() {
    update { state, actions in state.machine.drop(into: &actions) }
  }

  private func failure(ofFunction error: any Error) -> Failure {
    var recorded = StepError(recording: error)
    if error is CancellationError, state.withLock({ $0.machine.cancelReason == nil }) {
      recorded = StepError(.unknown, "The workflow threw CancellationError, but the run was not cancelled")
    }
    return recorded.failure
  }

  // MARK: The function's side

  func ask(_ ask: StepAsk, command: (String) -> Command.CommandKind?) -> StepReply {
    update { state, _ in state.machine.ask(ask, command: command) }
  }

  func closureEnded(_ result: StepResult, isShielded: Bool) -> StepReply {
    update { state, _ in state.machine.closureEnded(result, isShielded: isShielded) }
  }

  func closureAbandoned(_ key: String) {
    update { state, _ in state.machine.closureAbandoned(key) }
  }

  func ask(_ ask: GroupAsk) -> GroupReply {
    update { state, _ in state.machine.ask(ask) }
  }

  func askMember(_ key: String, of group: String, isShielded: Bool) -> StepReply {
    update { state, _ in state.machine.askMember(key, of: group, isShielded: isShielded) }
  }

  func claimGroupKey(_ name: String) -> String {
    state.withLock { $0.machine.claimGroupKey(name) }
  }

  func openEnded(_ open: OpenGroup) {
    update { state, _ in state.machine.openEnded(open) }
  }

  /// What is recorded of these steps. Nil: nothing that counts.
  func outcomes(of keys: [String]) -> [StepOutcome?] {
    state.withLock { state in keys.map { state.machine.outcome(of: $0) } }
  }

  func record(ofGroup key: String) -> GroupRecord {
    state.withLock { $0.machine.groups[key]?.record } ?? GroupRecord(key: key)
  }

  func continueAsNew(_ continuation: ContinueAsNew, isShielded: Bool) -> StepReply {
    update { state, _ in state.machine.continuesAsNew(continuation, isShielded: isShielded) }
  }

  /// Runs a local member of a group as a Swift task of its own, which ends with the group or with the function.
  func startMember(
    _ key: String, _ body: @escaping @Sendable () async -> Void, abandoned: @escaping @Sendable () -> Void = {}
  ) {
    let task = Task(executorPreference: self) { await body() }
    let isDropped = state.withLock { state in
      if !state.machine.isDropped { state.members[key] = Member(task: task, abandoned: abandoned) }
      return state.machine.isDropped
    }
    if isDropped { task.cancel() }
  }

  /// The call that waits for a member was cancelled.
  func cancelMember(_ key: String) {
    state.withLock { $0.members[key] }?.task.cancel()
  }

  /// Forgets a member that has ended.
  func memberEnded(_ key: String) {
    state.withLock { $0.members[key] = nil }
  }

  var cancelReason: String? { state.withLock { $0.machine.cancelReason } }

  /// Waits until the key is woken. `ask` or `closureEnded` said so before.
  func wait(for key: String) async -> Wake {
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let early: Wake? = update { state, actions in
          if let wake = state.early.removeValue(forKey: key) { return wake }
          if state.machine.isDropped { return .dropped }
          state.waiters[key] = continuation
          if Task.isCancelled { state.machine.callerCancelled(key, into: &actions) }
          return nil
        }
        if let early { continuation.resume(returning: early) }
      }
    } onCancel: {
      update { state, actions in state.machine.callerCancelled(key, into: &actions) }
    }
  }

  /// What a call of a parked function does: it waits until the function is dropped.
  func halt() async -> Wake {
    let number = state.withLock { state in
      state.halted += 1
      return state.halted
    }
    return await wait(for: "\u{0}\(number)")
  }

  /// What a call of a dropped function does: it throws. A function that goes on calling all the same is left hanging.
  func callAfterDrop() async -> RunDropped {
    let calls = state.withLock { state in
      state.callsAfterDrop += 1
      return state.callsAfterDrop
    }
    if calls > 1_000 { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    return RunDropped()
  }

  /// The next number of the run's own sequence, the same on every replay (SplitMix64).
  func nextRandom() -> UInt64 {
    state.withLock { state in
      state.random &+= 0x9E37_79B9_7F4A_7C15
      var z = state.random
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  // MARK: Executor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let starts = state.withLock { state in
      state.jobs.append(job)
      defer { state.isDraining = true }
      return !state.isDraining
    }
    if starts { DispatchQueue.global().async { self.drain() } }
  }

  private func drain() {
    while let job = state.withLock({ state in
      let job = state.jobs.popFirst()
      if job == nil { state.isDraining = false }
      return job
    }) {
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
    update { _, _ in }
  }

  // MARK: Transitions

  /// Changes the state, then does what follows from it: outside the lock, and counted as activity meanwhile.
  private func update<Result>(_ change: (inout State, inout [RunAction]) -> Result) -> Result {
    var (result, actions) = state.withLock { state in
      var actions: [RunAction] = []
      let result = change(&state, &actions)
      Self.reportIfIdle(&state, &actions)
      if !actions.isEmpty { state.effects += 1 }
      return (result, actions)
    }
    while !actions.isEmpty {
      for action in actions { perform(action) }
      actions = state.withLock { state in
        state.effects -= 1
        var actions: [RunAction] = []
        Self.reportIfIdle(&state, &actions)
        if !actions.isEmpty { state.effects += 1 }
        return actions
      }
    }
    return result
  }

  private static func reportIfIdle(_ state: inout State, _ actions: inout [RunAction]) {
    guard !state.isDraining, state.effects == 0, !actions.contains(where: \.isWake) else { return }
    state.machine.becameIdle(into: &actions)
  }

  private func perform(_ action: RunAction) {
    switch action {
    case .wake(let key, let wake):
      let continuation = state.withLock { state in
        let continuation = state.waiters.removeValue(forKey: key)
        if continuation == nil { state.early[key] = wake }
        return continuation
      }
      continuation?.resume(returning: wake)
    case .send(let report, let number, let ending):
      reporter.send(report, number: number, ending: ending, of: self)
    case .abandon(let key):
      let member = state.withLock { $0.members.removeValue(forKey: key) }
      member?.task.cancel()
      member?.abandoned()
    case .fetchRecords(let group):
      reporter.fetchRecords(of: self, group: group)
    case .discard:
      let (function, waiters, members) = state.withLock { state in
        defer {
          state.function = nil
          state.waiters = [:]
          state.members = [:]
        }
        return (state.function, state.waiters.values, state.members.values)
      }
      for waiter in waiters { waiter.resume(returning: .dropped) }
      for member in members { member.task.cancel() }
      function?.cancel()
    }
  }
}

extension RunAction {
  fileprivate var isWake: Bool {
    if case .wake = self { true } else { false }
  }
}

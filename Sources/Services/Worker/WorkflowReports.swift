internal import Engine
internal import Messages
internal import Store

/// A workflow report, turned into what is to be recorded.
internal struct WorkflowReportPlan {
  var steps: [NewStep] = []
  var failedAttempts: [FailedAttempt] = []
  var decisions: [StepDecision] = []
  /// Slots reserved for activities, with what will be pushed.
  var activities: [PlannedActivity] = []
  /// Children that are started with the report.
  var children: [PlannedChild] = []
  /// Whether it has steps that wait for signals.
  var awaitsSignals = false
  /// Groups to open, and steps and groups to cancel.
  var groups = GroupChanges()
  /// The earliest due time among new timers, retries and deadlines, in milliseconds from now.
  var nextDue: Int64?

  /// An activity that is handed out, or left ready, with the report that schedules it.
  struct PlannedActivity {
    var key: TaskKey
    var reservedSession: SessionID?
    /// Its place among the report's steps.
    var place: Int
    var step: NewStep
  }
}

/// Why a report cannot be recorded.
internal struct ReportFlaw: Error {
  var reason: RejectionReason
  var message: String

  static func invalid(_ message: String) -> ReportFlaw { ReportFlaw(reason: .invalid, message: message) }
  static func limit(_ message: String) -> ReportFlaw { ReportFlaw(reason: .limit, message: message) }
}

/// Plans what a report records: decides retries, schedules activities, starts timers. No slot is taken before all of
/// the report was found good.
internal struct WorkflowReportPlanner {
  let report: WorkflowReport
  let run: RunReference
  let workerID: String
  let limits: CoordinatorLimits
  let registry: Registry
  /// Whether the function goes on, so that a short retry delay can be waited for in place.
  let continues: Bool
  /// Makes the ids of children.
  let newID: () -> RunID
  /// How long ago steps first began, in milliseconds, of those whose budget is to be looked at.
  var elapsed: [String: Int64] = [:]

  func plan() throws(ReportFlaw) -> WorkflowReportPlan {
    guard report.results.count + report.commands.count <= limits.maxReportItems else {
      throw .limit("a report may hold \(limits.maxReportItems) results and commands")
    }
    var plan = WorkflowReportPlan()
    var keys: Set<String> = []
    for result in report.results {
      try check(key: result.key, &keys)
      try add(result, to: &plan)
    }
    for command in report.commands { try add(command, to: &plan, &keys) }
    plan.cancelOwnSteps()
    return plan
  }

  internal func check(key: String, _ keys: inout Set<String>) throws(ReportFlaw) {
    try checkLength(of: key)
    guard keys.insert(key).inserted else { throw .invalid("the report names step '\(key)' twice") }
  }

  internal func check(_ payload: Payload?, of key: String) throws(ReportFlaw) {
    guard let size = payload?.data.count, size > limits.maxPayloadBytes else { return }
    throw .invalid("the payload of step '\(key)' has \(size) bytes: at most \(limits.maxPayloadBytes) are allowed")
  }

  // MARK: Results

  private func add(_ result: StepResult, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    let attempt = Int32(clamping: max(1, result.attempt))
    var step = NewStep(key: result.key, kind: .local, state: .completed)
    step.attempt = attempt
    step.reportedAttempt = attempt
    step.groupKey = try group(result.group, of: result.key)
    step.durationMilliseconds = result.duration?.milliseconds
    switch result.outcome {
    case .output(let output):
      try check(output, of: result.key)
      step.output = output.blob
      plan.decisions.append(StepDecision(key: result.key, decision: .recorded(Recorded())))
    case .failure(let failure):
      try add(failure, of: result, attempt: attempt, &step, to: &plan)
    case nil: throw .invalid("the result of step '\(result.key)' has neither output nor failure")
    }
    plan.steps.append(step)
  }

  private func add(
    _ failure: Failure, of result: StepResult, attempt: Int32, _ step: inout NewStep, to plan: inout WorkflowReportPlan
  ) throws(ReportFlaw) {
    try check(failure.details, of: result.key)
    if let flaw = result.retryPolicy?.flaw {
      throw .invalid("retry_policy.\(flaw.field) of step '\(result.key)' \(flaw.reason)")
    }
    let policy = result.retryPolicy.map(Engine.RetryPolicy.init) ?? .none
    var generator = SystemRandomNumberGenerator()
    let decision = policy.decide(
      after: FailureFacts(failure), attempt: Int(attempt),
      elapsedMilliseconds: elapsed[result.key] ?? result.duration?.milliseconds ?? 0, using: &generator)
    step.failure = failure.blob
    switch decision {
    case .giveUp(let reason):
      step.state = .failed
      plan.decisions.append(
        StepDecision(key: result.key, decision: .failedForGood(FailedForGood(reason: reason))))
    case .retry(let delay):
      step.state = .retrying
      step.attempt = attempt + 1
      step.delayMilliseconds = delay
      var failed = FailedAttempt(key: result.key, attempt: attempt, failure: failure.blob)
      failed.retryDelayMilliseconds = delay
      failed.workerID = workerID
      failed.durationMilliseconds = result.duration?.milliseconds
      plan.failedAttempts.append(failed)
      plan.noteDue(delay)
      plan.decisions.append(
        StepDecision(
          key: result.key,
          decision: .retry(
            Retry(
              nextAttempt: UInt32(attempt + 1), delay: ProtoDuration(milliseconds: delay),
              inPlace: continues && delay <= limits.inPlaceRetry.milliseconds))))
    }
  }

  // MARK: Commands

  private func add(
    _ command: Command, to plan: inout WorkflowReportPlan, _ keys: inout Set<String>
  ) throws(ReportFlaw) {
    switch command.command {
    case .scheduleActivity(let schedule):
      try check(key: schedule.key, &keys)
      try add(schedule, to: &plan)
    case .startTimer(let timer):
      try check(key: timer.key, &keys)
      try add(timer, to: &plan)
    case .startChild(let child):
      try check(key: child.key, &keys)
      try add(child, to: &plan)
    case .awaitSignal(let wait):
      try check(key: wait.key, &keys)
      try add(wait, to: &plan)
    case .openGroup(let open): try add(open, to: &plan)
    case .cancelStep(let cancel): try add(cancel, to: &plan)
    case nil: throw .invalid("a command is empty, or newer than this coordinator")
    }
  }

  private func add(_ timer: StartTimer, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    var step = NewStep(key: timer.key, kind: .sleep, state: .waiting)
    switch timer.due {
    case .delay(let delay):
      step.delayMilliseconds = delay.milliseconds
      plan.noteDue(delay.milliseconds)
    case .fireAt(let instant):
      guard let microseconds = instant.microseconds else {
        throw .invalid("fire_at of timer '\(timer.key)' is outside the years 1 to 9999")
      }
      step.dueAtMicroseconds = microseconds
      // Only a hint for the timer loop, which asks the database's clock.
      plan.noteDue(max(0, microseconds / 1_000 - Int64(WallClock.milliseconds)))
    case nil: throw .invalid("timer '\(timer.key)' has neither delay nor fire_at")
    }
    plan.steps.append(step)
  }

  private func add(_ schedule: ScheduleActivity, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    let type = schedule.activityType
    guard !type.isEmpty, type.utf8.count <= limits.maxNameBytes else {
      throw .invalid("activity_type of step '\(schedule.key)' must have 1 to \(limits.maxNameBytes) bytes")
    }
    guard schedule.taskQueue.utf8.count <= limits.maxNameBytes else {
      throw .invalid("task_queue of step '\(schedule.key)' must have at most \(limits.maxNameBytes) bytes")
    }
    if let flaw = schedule.retryPolicy?.flaw {
      throw .invalid("retry_policy.\(flaw.field) of step '\(schedule.key)' \(flaw.reason)")
    }
    if let version = schedule.activityVersion, version == 0 || version > Int32.max {
      throw .invalid("activity_version of step '\(schedule.key)' must be 1 or more")
    }
    try check(schedule.input, of: schedule.key)
    let version = registry.activityVersion(
      schedule.activityVersion.map { Int32($0) }, of: type, step: schedule.key, run: run)
    var step = NewStep(key: schedule.key, kind: .activity, state: .ready)
    step.groupKey = try group(schedule.group, of: schedule.key)
    step.policy = schedule.retryPolicy?.blob
    let timeouts = ActivityTimeouts(
      scheduleToStart: schedule.scheduleToStartTimeout?.milliseconds,
      startToClose: schedule.startToCloseTimeout?.milliseconds ?? 600_000,
      scheduleToClose: schedule.scheduleToCloseTimeout?.milliseconds, heartbeat: schedule.heartbeatTimeout?.milliseconds
    )
    let activity = NewStep.Activity(
      type: type, version: version, namespace: run.namespace,
      taskQueue: schedule.taskQueue.isEmpty ? run.taskQueue : schedule.taskQueue,
      priority: schedule.priority.map { Int16(clamping: $0) } ?? run.priority, input: schedule.input?.blob,
      timeouts: timeouts)
    step.activity = activity
    plan.steps.append(step)
    [timeouts.scheduleToStart, timeouts.scheduleToClose].compactMap { $0 }.min().map { plan.noteDue($0) }
    plan.activities.append(
      WorkflowReportPlan.PlannedActivity(
        key: TaskKey(
          kind: .activity, namespace: activity.namespace, queue: activity.taskQueue, type: type, version: version),
        reservedSession: nil, place: plan.steps.count - 1, step: step))
  }
}

extension WorkflowReportPlan {
  internal mutating func noteDue(_ milliseconds: Int64) { nextDue = min(nextDue ?? .max, milliseconds) }

  /// Takes slots for the activities and children, so that they are handed out in the transaction that schedules them.
  internal mutating func reserve(_ coordinator: Coordinator) {
    for index in activities.indices {
      let session = coordinator.reserve(activities[index].key, jumpsQueue: false)
      guard let session else { continue }
      activities[index].reservedSession = session
      let place = activities[index].place
      steps[place].state = .running
      steps[place].activity?.reservedSession = session
    }
    for index in children.indices { children[index].reserve(coordinator) }
  }

  /// Gives the slots back: the report was not recorded.
  internal func release(_ coordinator: Coordinator) {
    for activity in activities { coordinator.release(activity.reservedSession, .activity) }
    for child in children { coordinator.release(child.reservedSession, .workflow) }
  }
}

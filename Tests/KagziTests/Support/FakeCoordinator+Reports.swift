import Dispatch
import GRPC
import Messages
import Synchronization

@testable import Kagzi

/// What a worker says, and what comes of it.
extension FakeCoordinator {
  func take(_ request: WorkRequest, _ stream: Int) {
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

  func welcome(_ hello: Hello, _ state: inout State) {
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

  func add(_ grant: SlotGrant, _ state: inout State) {
    state.workflowSlots += grant.workflowSlots
    state.activitySlots += grant.activitySlots
  }

  func answer(_ report: TaskReport, _ state: inout State) {
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

  func take(
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

  func close(_ id: String, _ outcome: WorkflowReport.Outcome?, _ state: inout State) {
    guard let outcome else { return }
    state.runs[id]?.outcome = outcome
    settleParent(of: id, outcome, &state)
    state.runs[id]?.isReady = false
    for waiter in state.runs[id]?.waiters ?? [] { waiter.resume(returning: outcome) }
    state.runs[id]?.waiters = []
  }

  func decide(_ result: StepResult, _ id: String, _ state: inout State) -> StepDecision {
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

  func wakeLater(_ id: String, _ key: String) {
    delivery.asyncAfter(deadline: .now() + .milliseconds(2)) {
      self.update { state in
        guard state.runs[id]?.steps[key]?.state == .retrying else { return }
        state.runs[id]?.news.append(key)
        state.runs[id]?.isWoken = true
        if state.runs[id]?.outcome == nil { state.runs[id]?.isReady = true }
      }
    }
  }

  func execute(_ command: Command, _ id: String, _ state: inout State) {
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

  func take(
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
}

extension RunSituation {
  /// Why the run does not move, in sentences for a person.
  package var explanation: RunExplanation {
    var explanation = RunExplanation()
    if status.isClosed {
      explainClosed(&explanation)
      return explanation
    }
    explainPause(&explanation)
    explainCancellation(&explanation)
    explainWorkflowTask(&explanation)
    for group in groups { explanation.reasons.append(group.reason) }
    for step in steps { step.explain(&explanation) }
    if openStepCount > steps.count {
      explanation.reasons.append("\(openStepCount - steps.count) more steps are not settled")
    }
    if explanation.reasons.isEmpty { explainNothing(&explanation) }
    if let timeoutAt { explanation.reasons.append("its run timeout closes it at \(text(timeoutAt))") }
    explanation.remedies = explanation.remedies.uniqued
    return explanation
  }

  private func explainClosed(_ explanation: inout RunExplanation) {
    var reason = "the run is closed as \(status.name)"
    if let closedAt { reason += " since \(text(closedAt))" }
    if let statusReason, !statusReason.isEmpty { reason += ": \(statusReason)" }
    if let lastFailure { reason += "; its failure: \(lastFailure)" }
    explanation.reasons.append(reason)
    switch status {
    case .failed, .timedOut, .cancelled, .terminated:
      explanation.remedies.append("retry it: its completed steps are kept, the others run again")
      explanation.remedies.append("fork it from one of its steps, with another input if need be")
    default: break
    }
  }

  private func explainPause(_ explanation: inout RunExplanation) {
    guard status == .paused else { return }
    explanation.reasons.append("it is paused: \(statusReason ?? "no reason was given")")
    explanation.remedies.append("resume it")
  }

  private func explainCancellation(_ explanation: inout RunExplanation) {
    guard isCancelRequested else { return }
    var reason = "cancellation was asked for"
    if let cancelReason, !cancelReason.isEmpty { reason += " (\(cancelReason))" }
    if let cancelDeadlineAt {
      reason += ": it is closed as CANCELLED by \(text(cancelDeadlineAt)) if no worker is at work on it then"
    }
    explanation.reasons.append(reason)
    explanation.remedies.append("terminate it, to close it now")
  }

  private func explainWorkflowTask(_ explanation: inout RunExplanation) {
    if let holder {
      explanation.reasons.append("its workflow task is held by \(holder.words)")
    } else if let resumeAt {
      explanation.reasons.append(resumption(at: resumeAt))
    } else if let readySince {
      explanation.reasons.append("its workflow task is ready since \(text(readySince)): \(supply.reason)")
      if let remedy = supply.remedy { explanation.remedies.append(remedy) }
      if let statusReason, !statusReason.isEmpty, status != .paused { explanation.reasons.append(statusReason) }
    }
  }

  private func resumption(at instant: Int64) -> String {
    if !wasTaken, attempt == 1 { return "its start is delayed until \(text(instant))" }
    if let lastFailure, status == .sleeping || status == .waiting || status == .paused {
      return "attempt \(attempt) of the run begins at \(text(instant)), after \(lastFailure)"
    }
    let why = statusReason.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
    return "its workflow task is offered again at \(text(instant))\(why)"
  }

  private func explainNothing(_ explanation: inout RunExplanation) {
    explanation.reasons.append(
      "it waits, and nothing that is recorded would wake it: its function suspended without asking for anything")
    explanation.remedies.append("look at the workflow function; cancel or terminate the run")
  }
}

extension RunSituation.Holder {
  internal var words: String {
    var words = "worker \(workerID)"
    if let since { words += " since \(text(since))" }
    if let leaseUntil { words += " (its lease runs until \(text(leaseUntil)))" }
    return words
  }
}

extension RunSituation.OpenGroup {
  internal var reason: String {
    let count = memberCount > 0 ? "\(settled) of \(memberCount) members are settled" : "\(settled) members are settled"
    let deadline = deadlineAt.map { "; its deadline is \(text($0))" } ?? ""
    return "it waits for group '\(key)': \(count)\(deadline)"
  }
}

extension RunSituation.OpenStep {
  internal func explain(_ explanation: inout RunExplanation) {
    switch (kind, state) {
    case (_, .retrying):
      let after = failure.map { ", after \($0)" } ?? ""
      explanation.reasons.append("it retries step '\(key)': attempt \(attempt) begins \(at(dueAt))\(after)")
    case (.sleep, _): explanation.reasons.append("it sleeps until \(dueAt.map(text) ?? "?") by timer '\(key)'")
    case (.child, _):
      explanation.reasons.append("it waits for child run \(childRunID ?? "?") of step '\(key)'")
      if let childRunID { explanation.remedies.append("explain child run \(childRunID)") }
    case (.signal, _):
      let until = dueAt.map { ", until \(text($0))" } ?? ""
      explanation.reasons.append("it waits for signal '\(signalName ?? "?")' in step '\(key)'\(until)")
      explanation.remedies.append("send it signal '\(signalName ?? "?")'")
    case (.activity, .ready): explainReady(&explanation)
    case (.activity, .running): explainRunning(&explanation)
    case (.activity, .waiting):
      explanation.reasons.append(
        isHeldBack
          ? "activity '\(key)' is held back while the run is paused"
          : "activity '\(key)' is held back: its group has as many at work as it may")
    default: explanation.reasons.append("it waits for step '\(key)'")
    }
  }

  private func explainReady(_ explanation: inout RunExplanation) {
    let since = readySince.map { " since \(text($0))" } ?? ""
    explanation.reasons.append(
      "it waits for activity '\(key)', which is ready\(since): \(supply?.reason ?? "no worker took it yet")")
    if let remedy = supply?.remedy { explanation.remedies.append(remedy) }
  }

  private func explainRunning(_ explanation: inout RunExplanation) {
    let limit = (deadlineAt ?? dueAt).map { "; it times out at \(text($0))" } ?? ""
    guard let holder else {
      explanation.reasons.append(
        "it waits for activity '\(key)', which handed its token away and is completed by whoever has it\(limit)")
      explanation.remedies.append("complete activity '\(key)' by its token")
      return
    }
    explanation.reasons.append(
      "it waits for activity '\(key)', attempt \(attempt), held by \(holder.words)\(limit)")
  }

  private func at(_ instant: Int64?) -> String { instant.map { "at \(text($0))" } ?? "soon" }
}

private func text(_ instant: Int64) -> String { InstantText.rfc3339(microseconds: instant) }

extension [String] {
  /// Without what was said before.
  fileprivate var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}

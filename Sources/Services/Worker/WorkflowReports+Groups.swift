internal import Engine
internal import Messages
internal import Store

/// What reports say of groups.
extension WorkflowReportPlanner {
  internal func checkLength(of key: String) throws(ReportFlaw) {
    guard !key.isEmpty, key.utf8.count <= limits.maxKeyBytes else {
      throw .invalid("a step's key must have 1 to \(limits.maxKeyBytes) bytes")
    }
  }

  /// The group that a step names; nil for none. Members are named after their group, so that a key tells at once whether
  /// it may be a member's.
  internal func group(_ group: String, of key: String) throws(ReportFlaw) -> String? {
    guard !group.isEmpty else { return nil }
    guard key.utf8.count > group.utf8.count + 1, key.utf8.starts(with: "\(group)/".utf8) else {
      throw .invalid("step '\(key)' is not named after its group: its key must begin with '\(group)/'")
    }
    return group
  }

  internal func add(_ open: OpenGroup, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    try checkLength(of: open.key)
    guard !plan.groups.opens.contains(where: { $0.key == open.key }) else {
      throw .invalid("the report opens group '\(open.key)' twice")
    }
    guard let strategy = Engine.GroupStrategy(open.strategy) else {
      throw .invalid("the strategy of group '\(open.key)' is newer than this coordinator")
    }
    let group = Engine.Group(
      strategy: strategy, memberCount: Int(open.memberCount), quorum: strategy == .quorum ? Int(open.quorum) : 0)
    if let flaw = group.flaw { throw .invalid("group '\(open.key)' \(flaw)") }
    if let deadline = open.deadline, deadline.duration <= .zero {
      throw .invalid("the deadline of group '\(open.key)' must be longer than zero")
    }
    guard open.parentStep.utf8.count <= limits.maxKeyBytes else {
      throw .invalid("parent_step of group '\(open.key)' must have at most \(limits.maxKeyBytes) bytes")
    }
    var new = NewGroup(key: open.key, group: group)
    new.maxConcurrency = Int32(clamping: open.maxConcurrency)
    new.parentStep = open.parentStep.nonEmpty
    new.deadlineMilliseconds = open.deadline?.milliseconds
    new.deadlineMilliseconds.map { plan.noteDue($0) }
    plan.groups.opens.append(new)
  }

  internal func add(_ cancel: CancelStep, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    try checkLength(of: cancel.key)
    plan.groups.cancels.append(cancel.key)
  }
}

extension WorkflowReportPlan {
  /// A step that the same report schedules and cancels is recorded as cancelled; one that it settles stays settled.
  internal mutating func cancelOwnSteps() {
    guard !groups.cancels.isEmpty else { return }
    let places = Dictionary(
      steps.indices.map { (steps[$0].key, $0) }, uniquingKeysWith: { first, _ in first })
    var cancelled: Set<String> = []
    groups.cancels = Array(Set(groups.cancels)).filter { key in
      guard let place = places[key] else { return true }
      if !steps[place].state.isSettled {
        steps[place].attempt = steps[place].reportedAttempt
        steps[place].state = .cancelled
        cancelled.insert(key)
      }
      // A group may have the same key.
      return groups.opens.contains { $0.key == key }
    }
    activities.removeAll { cancelled.contains($0.step.key) }
    children.removeAll { cancelled.contains($0.child.stepKey) }
    failedAttempts.removeAll { cancelled.contains($0.key) }
    decisions = decisions.map { decision in
      cancelled.contains(decision.key)
        ? StepDecision(key: decision.key, decision: .recorded(Recorded())) : decision
    }
  }

  /// The keys of the groups that the report speaks of.
  internal var groupKeys: [String] {
    Array(Set(steps.compactMap(\.groupKey) + groups.opens.map(\.key) + groups.cancels))
  }

  /// The decisions, once it is known which groups are resolved: nothing of those is tried again.
  internal func decisions(_ resolved: [GroupRow]) -> [StepDecision] {
    guard !resolved.isEmpty else { return decisions }
    let keys = Set(resolved.map(\.key))
    let ended = Set(steps.filter { $0.groupKey.map(keys.contains) ?? false }.map(\.key))
    return decisions.map { decision in
      guard case .retry = decision.decision, ended.contains(decision.key) else { return decision }
      return StepDecision(key: decision.key, decision: .recorded(Recorded()))
    }
  }
}

extension Engine.GroupStrategy {
  internal init?(_ strategy: Messages.GroupStrategy) {
    self.init(rawValue: strategy == .unspecified ? Self.failFast.rawValue : Int16(clamping: strategy.rawValue))
  }
}

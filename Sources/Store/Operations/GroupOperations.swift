package import Engine

/// A parallel group that a report opens.
package struct NewGroup: Sendable {
  package var key: String
  package var group: Group
  package var maxConcurrency: Int32 = 0
  package var parentStep: String?
  package var deadlineMilliseconds: Int64?

  package init(key: String, group: Group) {
    self.key = key
    self.group = group
  }
}

/// What a report does to groups and to steps that it cancels.
package struct GroupChanges: Sendable {
  package var opens: [NewGroup] = []
  /// Keys of steps and groups to cancel.
  package var cancels: [String] = []

  package init() {}

  package var isEmpty: Bool { opens.isEmpty && cancels.isEmpty }

  internal var byteCount: Int { 128 * (opens.count + cancels.count) }
}

/// Resolves a group whose deadline has passed.
package struct ExpireGroup: Sendable {
  package var runID: RunID
  package var groupKey: String
  /// A slot reserved for the run's next task.
  package var reservedSession: SessionID?

  package init(runID: RunID, groupKey: String) {
    self.runID = runID
    self.groupKey = groupKey
  }
}

/// What an operation did to parallel groups, beside its own business; all of it is committed.
package struct GroupEffects: Sendable {
  /// Resolved groups that the operation speaks of, whether it resolved them or an earlier one did.
  package var resolved: [GroupRow] = []
  /// The keys of those that a report itself resolved.
  package var resolvedNow: [String] = []
  /// Cancelled steps that sessions held.
  package var cancelledSteps: [HeldStep] = []
  /// Children whose steps were cancelled.
  package var strandedChildren: [StrandedChild] = []
  /// The run's workflow task, if a session held it while groups of the run were resolved without its doing: it is to be told.
  package var untold: TaskToken?
  /// Kinds of tasks of which members became ready, because others settled.
  package var readyKeys: [TaskKey] = []
  /// Activities that were planned to be handed out and were not: recorded before, held back, or cancelled at once.
  package var keptBack: Set<String> = []

  package init() {}

  package var isEmpty: Bool {
    resolved.isEmpty && cancelledSteps.isEmpty && strandedChildren.isEmpty && untold == nil && readyKeys.isEmpty
      && keptBack.isEmpty
  }
}

/// What settling a member, or a group's deadline, led to.
package struct Joined: Sendable {
  package var wake: Wake
  package var effects: GroupEffects

  package init(wake: Wake, effects: GroupEffects = GroupEffects()) {
    self.wake = wake
    self.effects = effects
  }
}

extension String {
  /// Whether a step of this key may be a group's member: those are named after their group.
  package var mayNameMember: Bool { utf8.contains(UInt8(ascii: "/")) }
}

extension [NewStep] {
  /// Whether any of the steps is a group's member.
  internal var haveMembers: Bool { contains { $0.groupKey != nil } }
}

extension AdvanceRun {
  /// Whether the report speaks of groups or cancels steps.
  internal var concernsGroups: Bool { !groups.isEmpty || steps.haveMembers }
}

extension CloseRun {
  internal var concernsGroups: Bool { !groups.isEmpty || steps.haveMembers }
}

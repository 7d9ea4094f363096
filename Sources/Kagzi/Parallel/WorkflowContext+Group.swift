internal import Messages
internal import Synchronization

/// How a group ended.
struct GroupEnd {
  var record: GroupRecord
  /// Its members' keys, in order.
  var keys: [String]
  /// By member, in order. Nil: it was over before it was settled.
  var outcomes: [StepOutcome?]
}

extension WorkflowContext {
  /// Runs a group with known members until the coordinator says how it ended.
  func runGroup(
    _ group: some ParallelGroup, _ members: [(id: String, work: MemberWork)], _ open: OpenGroup
  ) async throws -> GroupEnd {
    let name = group.keyName(in: open.parentStep.isEmpty ? nil : open.parentStep)
    let limit = run.limits.maxPayloadBytes
    let asked = try members.map { try $0.work.ask($0.id, limit: limit) }
    let ask = GroupAsk(
      name: name, isNamed: group.groupName != nil, open: open, members: asked, isShielded: Self.isShielded)
    switch run.ask(ask) {
    case .fault(let error): throw error
    case .cancelled(let reason): throw StepError(.cancelled, Self.cancelMessage(reason), source: name)
    case .dropped: throw await run.callAfterDrop()
    case .halt:
      _ = await run.halt()
      throw await run.callAfterDrop()
    case .resolved(let key): return end(ofGroup: key, members)
    case .open(let key, let locals):
      startLocals(locals.map { members[$0] }, of: key, atMost: Int(open.maxConcurrency))
      let wake = await run.wait(for: RunMachine.waitKey(ofGroup: key))
      return try await end(wake, key, members)
    }
  }

  private func end(_ wake: Wake, _ key: String, _ members: [(id: String, work: MemberWork)]) async throws -> GroupEnd {
    switch wake {
    case .groupResolved: return end(ofGroup: key, members)
    case .cancelled(let reason): throw StepError(.cancelled, Self.cancelMessage(reason), source: key)
    case .callerCancelled:
      throw StepError(.cancelled, "The task that waited for the group was cancelled", source: key)
    case .settled, .execute, .dropped: throw await run.callAfterDrop()
    }
  }

  private func end(ofGroup key: String, _ members: [(id: String, work: MemberWork)]) -> GroupEnd {
    let keys = members.map { "\(key)/\($0.id)" }
    return GroupEnd(record: run.record(ofGroup: key), keys: keys, outcomes: run.outcomes(of: keys))
  }

  /// Starts the local members, each as a task of its own, so many at a time.
  private func startLocals(_ locals: [(id: String, work: MemberWork)], of group: String, atMost limit: Int) {
    let waiting = WaitingMembers(locals)
    for _ in 0..<(limit > 0 ? min(limit, locals.count) : locals.count) { startNext(waiting, of: group) }
  }

  private func startNext(_ waiting: WaitingMembers, of group: String) {
    guard let (id, work) = waiting.next(), case .local(let policy, let body) = work else { return }
    let key = "\(group)/\(id)"
    run.startMember(key) {
      let reply = run.askMember(key, of: group, isShielded: Self.isShielded)
      // What it gives is in the record; the group's call looks there.
      _ = try? await carryOut(reply, key, policy, group: group, body)
      run.memberEnded(key)
      startNext(waiting, of: group)
    }
  }
}

/// Local members that have not begun.
private final class WaitingMembers: Sendable {
  private let members: Mutex<ArraySlice<(id: String, work: MemberWork)>>

  init(_ members: [(id: String, work: MemberWork)]) {
    self.members = Mutex(members[...])
  }

  func next() -> (id: String, work: MemberWork)? {
    members.withLock { $0.popFirst() }
  }
}

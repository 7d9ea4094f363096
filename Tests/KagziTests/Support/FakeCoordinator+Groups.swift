import Messages

@testable import Kagzi

/// Parallel groups, as the coordinator keeps them.
extension FakeCoordinator {
  struct FakeGroup {
    var open: OpenGroup
    var record: GroupRecord

    /// The record, once it is resolved.
    var resolved: GroupRecord? { record.verdict == .unspecified ? nil : record }
  }

  func open(_ command: Command, _ id: String, _ state: inout State) {
    guard case .openGroup(let open) = command.command, state.runs[id]?.groups[open.key] == nil else { return }
    state.runs[id]?.groups[open.key] = FakeGroup(open: open, record: GroupRecord(key: open.key))
  }

  /// Counts a member that settled.
  func count(_ step: StepRecord, _ id: String, _ state: inout State) {
    guard var group = state.runs[id]?.groups[step.group], group.resolved == nil else { return }
    if step.state == .completed { group.record.succeeded += 1 } else { group.record.failed += 1 }
    state.runs[id]?.groups[step.group] = group
    let (succeeded, failed, count) = (group.record.succeeded, group.record.failed, group.open.memberCount)
    var record = group.record
    switch group.open.strategy {
    case .race:
      if step.state == .completed {
        record.verdict = .succeeded
        record.winner = step.key
      } else if failed == count {
        record.verdict = .failed
      }
    case .quorum:
      if succeeded == group.open.quorum { record.verdict = .succeeded }
      if failed > count - group.open.quorum { record.verdict = .failed }
    case .collectAll:
      if count > 0, succeeded + failed == count { record.verdict = .succeeded }
    default:
      if step.state == .failed {
        record.verdict = .failed
        record.failedStep = step.key
      } else if count > 0, succeeded == count {
        record.verdict = .succeeded
      }
    }
    if record.verdict != .unspecified { resolve(step.group, record, id, &state) }
  }

  /// Resolves a group: members that are not settled are cancelled, and the run is woken.
  func resolve(_ key: String, _ record: GroupRecord, _ id: String, _ state: inout State) {
    guard state.runs[id]?.groups[key]?.resolved == nil else {
      return state.violations.append("Group \(key) was resolved twice")
    }
    state.runs[id]?.groups[key]?.record = record
    state.runs[id]?.groupNews.append(key)
    for (step, old) in state.runs[id]?.steps ?? [:] where old.group == key && !old.isSettled {
      if let token = state.activities["\(id)/\(step)"]?.token {
        deliver(.cancel(CancelTask(token: token, reason: "group")), &state)
      }
      state.activities["\(id)/\(step)"] = nil
      var cancelled = old
      cancelled.state = .cancelled
      cancelled.failure = Failure(kind: .cancelled, message: "cancelled with its group")
      cancelled.save(in: &state.runs[id]!)
      state.runs[id]?.news.append(step)
    }
    wake(id, &state)
    if state.reporting != id { tellHolder(of: id, &state) }
  }

  /// Tells the worker that holds the run's task which groups were resolved since it was handed out.
  func tellHolder(of id: String, _ state: inout State) {
    guard let run = state.runs[id], let token = run.token, run.outcome == nil, !run.groupNews.isEmpty else { return }
    var resolved = GroupsResolved(token: token, groups: run.groupNews.compactMap { run.groups[$0]?.record })
    resolved.steps = run.order.compactMap { run.steps[$0] }.filter { step in
      step.kind != .local && step.isSettled && run.groupNews.contains(step.group)
    }
    if let page = state.faults.pageSize, resolved.steps.count > page {
      resolved.steps = Array(resolved.steps.prefix(page))
      resolved.moreStepsToken = "0"
    }
    deliver(.groups(resolved), &state)
  }

  /// A group's deadline passes.
  func passDeadline(of key: String, _ id: String) {
    update { state in
      guard var record = state.runs[id]?.groups[key]?.record else { return }
      record.verdict = .deadline
      resolve(key, record, id, &state)
    }
  }
}

internal import Logging
internal import Meters
internal import Postgres
internal import Synchronization

extension BatchLaneRunner {
  /// Brings a group one step further and returns what is left of it, in order: nothing, itself, or its halves.
  internal func advance(_ group: Group) -> [Group] {
    let group = withoutExpired(group)
    guard !group.operations.isEmpty else { return [] }
    guard let connection = usableConnection() else { return [group] }
    let statements = connection.statementCount
    defer { counters.statements.add(connection.statementCount - statements, ordering: .relaxed) }
    if let doubt = group.doubt { return settle(group, doubt, connection) }
    do {
      let begin = ContinuousClock.now
      let outcomes = try executor.execute(group.operations.map { $0.operation }, on: connection)
      precondition(outcomes.count == group.operations.count, "an executor gives one outcome an operation")
      counters.commits.add(1, ordering: .relaxed)
      counters.latencies.observe(ContinuousClock.now - begin)
      counters.sizes.observe(Double(outcomes.count))
      _ = complete(group.operations, outcomes)
      return []
    } catch let error as PostgresError {
      return recover(group, from: error, connection)
    } catch {
      return isolate(group, StoreError(translating: error))
    }
  }

  private func recover(_ group: Group, from error: PostgresError, _ connection: PostgresConnection) -> [Group] {
    var group = group
    if !connection.isUsable { dropConnection() }
    switch error.fault {
    case .retryable:
      group.conflicts += 1
      counters.conflicts.add(1, ordering: .relaxed)
      guard group.conflicts <= limits.maxConflicts else { return isolate(group, StoreError(error)) }
      pause(.milliseconds(group.conflicts) * Double.random(in: 0.5..<1.5))
      return [group]
    case .reconnect:
      return lost(group, error)
    case .fateUnknown:
      group.doubt = connection.backend
      return lost(group, error)
    case .backOff:
      trouble = "\(error)"
      logger.warning("postgres lacks resources", metadata: ["error": "\(error)"])
      pause(.milliseconds(100))
      return [group]
    case .bug:
      guard case .undecodable = error.code else { return isolate(group, StoreError(error)) }
      fail(group.operations, .internal("it was committed, but its outcome is lost: \(error)"))
      return []
    case .callersFault, .constraint, .refused:
      return isolate(group, StoreError(error))
    }
  }

  /// After a lost connection. A group under which it is lost again and again may be the reason: its parts are tried apart.
  private func lost(_ group: Group, _ error: PostgresError) -> [Group] {
    var group = group
    dropConnection()
    group.losses += 1
    counters.losses.add(1, ordering: .relaxed)
    trouble = "\(error)"
    logger.debug("postgres connection lost under a batch", metadata: ["error": "\(error)"])
    guard group.losses > 3, group.doubt == nil, group.operations.count > 1 else { return [group] }
    return split(group)
  }

  /// The operation at fault fails when it stands alone; until then the group is halved.
  private func isolate(_ group: Group, _ error: StoreError) -> [Group] {
    guard group.operations.count == 1 else { return split(group) }
    fail(group.operations, error)
    return []
  }

  private func split(_ group: Group) -> [Group] {
    counters.splits.add(1, ordering: .relaxed)
    let (first, second) = group.halves
    return [first, second]
  }

  /// Ends the session in doubt, then looks; what did not take effect is carried out again.
  private func settle(_ group: Group, _ doubt: PostgresBackend, _ connection: PostgresConnection) -> [Group] {
    var group = group
    do {
      guard try connection.end(doubt) else {
        pause(.milliseconds(100))
        return [group]
      }
      let outcomes = try executor.settle(group.operations.map { $0.operation }, on: connection)
      precondition(outcomes.count == group.operations.count, "an executor settles every operation")
      group.operations = complete(group.operations, outcomes)
      group.doubt = nil
      onDoubtSettled()
      return group.operations.isEmpty ? [] : [group]
    } catch {
      if !connection.isUsable { dropConnection() }
      trouble = "\(error)"
      logger.debug("a batch in doubt could not be settled yet", metadata: ["error": "\(error)"])
      pause(.milliseconds(100))
      return [group]
    }
  }

  /// Fails those whose time is over: nothing was done for them, or, in doubt, nobody knows.
  private func withoutExpired(_ group: Group) -> Group {
    let now = presentMoment
    let over = group.operations.filter { $0.deadline <= now }
    guard !over.isEmpty else { return group }
    var group = group
    group.operations.removeAll { $0.deadline <= now }
    fail(over, group.doubt == nil ? .unavailable(trouble) : .fateUnknown(trouble))
    return group
  }
}

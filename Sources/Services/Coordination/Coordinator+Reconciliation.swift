internal import Engine
internal import Messages
package import Store
internal import Synchronization

/// Comparing what the database says that sessions hold with what is known here. Where a commit took effect and its answer
/// was lost with the connection, the two differ: tasks that nobody pushed, and ones that nobody called off.
extension Coordinator {
  /// Where the two differ at one look. Something on its way, between a commit and what follows it, looks the same: only what a
  /// second look finds, too, is acted on.
  internal struct Differences: Sendable {
    /// Handed out by a commit, and not in the worker's hands.
    var unheard: Set<TaskToken> = []
    /// In the worker's hands, and nobody's by the database.
    var strays: Set<TaskToken> = []
  }

  /// What the last look found, and when the next is due.
  internal struct Look: Sendable {
    var found = Differences()
    /// Whether the next look is to come soon.
    var isFollowedUp = false
    /// And the one after it: something else happened meanwhile.
    var isFollowedUpTwice = false
    var at = ContinuousClock.now

    /// Whether whatever was on its way then must have arrived by now.
    var isRipe: Bool { .now - at >= .seconds(1) }
  }

  /// Commits may have taken effect of which nobody has heard: the answer was lost with the connection, or with a coordinator.
  /// Looks for all they did now, so that nothing waits for the scans: tasks that were handed out, work that became ready or due,
  /// runs that closed, what parents and children owe each other. Safe to run at any time.
  package func recoverUnheard() async throws(StoreError) {
    peers.announce(.unheard)
    scanReady()
    noteDue(inMilliseconds: 0)
    heardSchedule()
    try await giveBackUnheard()
    hub.started.removeAll()
    try await checkAwaitedRuns()
    tellOfMissedGroups()
    try await sweepChildNotices(minimumAgeMilliseconds: 0)
  }

  /// Gives back at once what two looks find to be handed out unheard, one right after the other. What workers hold that is
  /// nobody's is left to a look a little later: reports of it may be under way.
  package func giveBackUnheard() async throws(StoreError) {
    let first = try await differences()
    let second = try await differences()
    lastLook.withLock { last in
      if last.isFollowedUp {
        last.isFollowedUpTwice = true
      } else {
        last = Look(found: second, isFollowedUp: true)
      }
    }
    giveBack(first.unheard.intersection(second.unheard))
  }

  /// Settles at leisure what this look finds and the last one did.
  package func reconcileHeldTasks() async throws(StoreError) {
    try await forgetMovedSessions()
    try await settleDifferences()
    for session in sessions.withLock({ Array($0.values) }) { session.forgetWithdrawn() }
  }

  /// The second look after `giveBackUnheard`, once it is time. Called often; costs nothing while there is nothing to follow up.
  package func followUpOnUnheard() async throws(StoreError) {
    guard lastLook.withLock({ $0.isFollowedUp && $0.isRipe }) else { return }
    try await settleDifferences()
  }

  private func settleDifferences() async throws(StoreError) {
    // A look a moment ago is no second opinion.
    guard lastLook.withLock({ $0.isRipe }) else { return }
    let found = try await differences()
    let last = lastLook.withLock { last in
      defer { last = Look(found: found, isFollowedUp: last.isFollowedUpTwice) }
      return last.found
    }
    giveBack(found.unheard.intersection(last.unheard))
    callOff(found.strays.intersection(last.strays))
    for session in sessions.withLock({ Array($0.values) }) { tellOfCancels(session) }
  }

  private func differences() async throws(StoreError) -> Differences {
    let attached = sessions.withLock { $0 }
    guard !attached.isEmpty else { return Differences() }
    let ids = Array(attached.keys)
    let believed = Set(attached.values.flatMap(\.believedTokens))
    let runs = try await store.read(HeldRuns(sessionIDs: ids))
    let tokens = try await Set(runs.map(\.run.token)).union(store.read(HeldStepTokens(sessionIDs: ids)))
    for session in attached.values { session.forgetEarly(except: tokens) }
    for row in runs {
      guard let reason = row.cancelReason else { continue }
      attached[row.run.sessionID]?.note(row.run.token, cancelReason: reason)
    }
    let coming = Set(loader.runs.map(\.token))
    return Differences(
      unheard: tokens.filter { attached[$0.sessionID]?.task($0) == nil && !coming.contains($0) },
      strays: believed.subtracting(tokens))
  }

  private func giveBack(_ unheard: Set<TaskToken>) {
    for token in unheard {
      // Should it be on its way after all, it is not pushed any more.
      guard let session = session(token.sessionID), session.withdraw(token) else { continue }
      giveBack(token, reason: "it was never delivered", isLoss: false)
    }
  }

  private func callOff(_ strays: Set<TaskToken>) {
    for token in strays {
      guard let session = session(token.sessionID), session.takeAway(token) else { continue }
      session.send(.lost(TaskLost(tokens: [token.bytes], reason: "it is not wanted any more")))
    }
  }
}

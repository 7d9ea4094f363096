package import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  /// Moves one run, if nothing was recorded since it was looked at. Whoever held its task is told.
  /// - Returns: false: the run has changed meanwhile.
  internal func move(_ move: MoveRun, key: TaskKey) async throws(StoreError) -> Bool {
    guard case .moved(let moved) = try await store.submit(.moveRun(move)) else { return false }
    if let session = moved.session {
      lose(
        TaskToken(runID: move.runID, sessionID: session, epoch: moved.epoch, step: nil),
        reason: "the run was moved from version \(move.fromVersion) to \(move.toVersion)")
    }
    if moved.isReady { noteReady(key) }
    hub.changed(move.runID)
    return true
  }

  /// Tells the session that held a task, wherever it is attached, that it is no longer its own.
  private func lose(_ token: TaskToken, reason: String) {
    if let session = session(token.sessionID) {
      session.remove(token)
      session.send(.lost(TaskLost(tokens: [token.bytes], reason: reason)))
    } else {
      peers.announce(.lost(session: token.sessionID, token: token.bytes, reason: reason))
    }
  }

  /// Another coordinator took a task away from a session that may be attached here.
  package func heardLost(session id: SessionID, token: [UInt8], reason: String) {
    guard let session = session(id) else { return }
    TaskToken(token).map { _ = session.remove($0) }
    session.send(.lost(TaskLost(tokens: [token], reason: reason)))
  }

  /// Runs are about to be moved from here, and as other coordinators are told.
  internal func noteMoving(_ key: TaskKey, toVersion version: Int32) {
    moves.note(key, toVersion: version)
    peers.announce(.moving(key, toVersion: version))
  }

  /// Another coordinator is moving runs.
  package func heardMoving(_ key: TaskKey, toVersion version: Int32) { moves.note(key, toVersion: version) }
}

internal import Foundation
internal import Glibc
internal import Logging

extension PostgresCluster {
  /// Fast shutdown (SIGINT), after 20 s an immediate one (SIGQUIT), after 5 s more SIGKILL.
  internal func stopServer(_ state: inout State) {
    state.lifeline?.release()
    state.lifeline = nil
    guard let server = state.server else { return }
    state.server = nil
    for (signal, patience) in [(SIGINT, Duration.seconds(20)), (SIGQUIT, .seconds(5))] {
      kill(server.pid, signal)
      if waitForEnd(of: server, within: patience) { return }
      logger.warning("postgres does not stop", metadata: ["signal": "\(signal)", "pid": "\(server.pid)"])
    }
    ClusterProcesses(folder).killAll(postmaster: server.pid)
    _ = server.wait()
  }

  internal func killServer(_ state: inout State) {
    state.lifeline?.release()
    state.lifeline = nil
    let processes = ClusterProcesses(folder)
    let server = state.server
    state.server = nil
    repeat { processes.killAll(postmaster: server?.pid) } while !processes.waitUntilGone(within: .milliseconds(200))
    if let server {
      kill(server.pid, SIGKILL)
      _ = server.wait()
    }
  }

  /// Ends what an earlier owner of the folder left running, gently if its postmaster lives, and removes a pid file that lies.
  internal func endLeftovers() {
    let processes = ClusterProcesses(folder)
    let recorded = folder.pid(in: folder.processFile)
    if !processes.all().isEmpty {
      logger.debug("an earlier owner left postgres running", metadata: ["folder": "\(folder.path)"])
      if let recorded, processes.belongs(recorded) {
        kill(recorded, SIGINT)
        _ = processes.waitUntilGone(within: .seconds(20))
      }
      while !processes.all().isEmpty {
        processes.killAll(postmaster: recorded)
        _ = processes.waitUntilGone(within: .milliseconds(200))
      }
    }
    // Alone in the folder by its lock: a file that names a dead or another program's pid would only make Postgres refuse.
    for file in [folder.processFile, "\(folder.run)/.s.PGSQL.\(port).lock"] {
      guard let pid = folder.pid(in: file) else { continue }
      if processes.waitUntilDead(pid, within: .seconds(5)) { unlink(file) }
    }
  }

  internal func releaseFolder(_ state: inout State) {
    if let lock = state.lock { close(lock) }
    state.lock = nil
    state.account = nil
  }

  private func waitForEnd(of server: ChildProcess, within patience: Duration) -> Bool {
    let deadline = ContinuousClock.now + patience
    while server.poll() == nil {
      guard .now < deadline else { return false }
      usleep(5_000)
    }
    return true
  }
}

internal import Foundation
internal import Glibc
internal import Logging
internal import Postgres

extension PostgresCluster {
  internal func startBlocking(_ state: inout State) throws {
    guard state.server == nil else { return }
    let account = try ServerAccount.current()
    try folder.make(for: account)
    try lockFolder(&state)
    do {
      state.account = try account.reaching(folder.run)
      try startServer(&state)
    } catch {
      releaseFolder(&state)
      throw error
    }
  }

  internal func startServer(_ state: inout State) throws {
    guard state.server == nil, let account = state.account else {
      throw PostgresClusterError(.notRunning, "the cluster in \(folder.path) was not started by this process")
    }
    endLeftovers()
    let binaries = try PostgresBinaries.find(in: configuration.binaries, version: folder.version)
    if folder.version == nil { try initialize(binaries, account) }
    let log = try folder.openLog()
    defer { close(log) }
    let server = try ChildProcess.start(account.command(serverArguments(binaries)), output: log)
    state.server = server
    do {
      try waitUntilReady(server)
      state.lifeline = try Lifeline(postmaster: server.pid, data: folder.data)
      try createDatabaseIfMissing()
    } catch {
      killServer(&state)
      throw error
    }
    logger.debug("postgres started", metadata: ["folder": "\(folder.path)", "pid": "\(server.pid)"])
  }

  private func serverArguments(_ binaries: PostgresBinaries) -> [String] {
    var settings = configuration.settings
    settings["listen_addresses"] = configuration.loopbackPort == nil ? "" : "127.0.0.1"
    settings["port"] = "\(port)"
    settings["unix_socket_directories"] = "\"\(folder.run)\""
    settings["unix_socket_permissions"] = "0700"
    let options = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    return [binaries.postgres, "-D", folder.data] + options
  }

  /// A cluster is made beside its place and moved there when whole, so that an interrupted start leaves nothing half-made.
  private func initialize(_ binaries: PostgresBinaries, _ account: ServerAccount) throws {
    try? FileManager.default.removeItem(atPath: folder.unfinishedData)
    try FileManager.default.createDirectory(
      atPath: folder.unfinishedData, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try account.own(folder.unfinishedData)
    try folder.writePassword(for: account)
    var arguments = [
      binaries.initdb, "-D", folder.unfinishedData, "--username=kagzi", "--encoding=UTF8", "--locale=C",
      "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=\(folder.password)",
    ]
    if !configuration.isInitializationSynced { arguments.append("--no-sync") }
    let log = try folder.openLog()
    defer { close(log) }
    let code = try ChildProcess.start(account.command(arguments), output: log).wait()
    guard code == 0, rename(folder.unfinishedData, folder.data) == 0 else {
      throw PostgresClusterError(
        .initializationFailed, "initdb failed with code \(code) in \(folder.path):\n\(folder.logTail)")
    }
  }

  /// The server writes its state as the eighth line of its pid file.
  private func waitUntilReady(_ server: ChildProcess) throws {
    let deadline = ContinuousClock.now + .seconds(300)  // crash recovery may take long
    while true {
      let lines = folder.processLines
      if lines.first == "\(server.pid)", lines.count >= 8, lines[7] == "ready" { return }
      if let code = server.poll() {
        throw PostgresClusterError(
          .startFailed, "PostgreSQL ended with code \(code) while starting in \(folder.path):\n\(folder.logTail)")
      }
      guard .now < deadline else {
        throw PostgresClusterError(.startFailed, "PostgreSQL is not ready after 300 s; see \(folder.log)")
      }
      usleep(5_000)
    }
  }

  private func lockFolder(_ state: inout State) throws {
    let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw PostgresClusterError(.folderUnusable, "cannot open \(folder.lock)") }
    // A child between fork and exec, or a killed owner on its way out, may hold the lock a moment longer.
    let deadline = ContinuousClock.now + .seconds(2)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if .now < deadline {
        usleep(10_000)
        continue
      }
      close(descriptor)
      throw PostgresClusterError(
        .folderInUse, "another process runs the cluster in \(folder.path): stop it, or choose another folder")
    }
    state.lock = descriptor
  }
}

internal import Glibc

/// As whom the server runs: as ourselves, or as the user `postgres` when we are root, because Postgres refuses root.
internal struct ServerAccount {
  internal let user: uid_t
  internal let group: gid_t
  /// The words before a command that make it run as this account.
  private let prefix: [String]

  internal static func current() throws -> ServerAccount {
    guard geteuid() == 0 else { return ServerAccount(user: geteuid(), group: getegid(), prefix: []) }
    guard let entry = getpwnam("postgres") else {
      throw PostgresClusterError(
        .noServerAccount,
        "PostgreSQL does not run as root, and there is no user postgres to run it as: add one, or run as another user")
    }
    let (user, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
    return ServerAccount(
      user: user, group: group, prefix: ["setpriv", "--reuid=\(user)", "--regid=\(group)", "--init-groups"])
  }

  /// The command as this account runs it.
  internal func command(_ arguments: [String]) -> [String] { prefix.isEmpty ? arguments : prefix + ["--"] + arguments }

  /// This account, or one that may pass through closed parent folders, whichever reaches the folder.
  ///
  /// Root's own folder is closed to others. The capability is for looking and passing only: it opens no file for writing.
  internal func reaching(_ folder: String) throws -> ServerAccount {
    if reaches(folder) { return self }
    let passing = ServerAccount(
      user: user, group: group,
      prefix: prefix + ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"])
    guard !prefix.isEmpty, passing.reaches(folder) else {
      throw PostgresClusterError(
        .folderUnusable,
        "the user that runs PostgreSQL (id \(user)) cannot reach \(folder): choose a folder below one that it can enter"
      )
    }
    return passing
  }

  private func reaches(_ folder: String) -> Bool {
    guard let child = try? ChildProcess.start(command(["test", "-w", folder])) else { return false }
    return child.wait() == 0
  }

  /// Gives a file or folder to this account.
  internal func own(_ path: String) throws {
    guard geteuid() == 0, chown(path, user, group) != 0 else { return }
    throw PostgresClusterError(
      .folderUnusable, "cannot give \(path) to user \(user): \(String(cString: strerror(errno)))")
  }
}

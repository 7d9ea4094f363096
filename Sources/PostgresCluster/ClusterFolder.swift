internal import Foundation
internal import Glibc

/// The files of a cluster: `data`, `run` (the socket), `log`, `lock`, `password`.
internal struct ClusterFolder: Sendable {
  internal let path: String

  /// - Parameter path: made absolute by the working directory.
  internal init(_ path: String) {
    let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var standard = URL(filePath: absolute).standardizedFileURL.path(percentEncoded: false)
    while standard.count > 1 && standard.hasSuffix("/") { standard.removeLast() }
    self.path = standard
  }

  internal var data: String { path + "/data" }
  internal var unfinishedData: String { path + "/data.unfinished" }
  internal var log: String { path + "/postgres.log" }
  internal var lock: String { path + "/lock" }
  internal var password: String { path + "/password" }
  internal var processFile: String { data + "/postmaster.pid" }

  /// The socket's folder; one of its own under /tmp when the path would not fit into a socket address (107 bytes).
  internal var run: String {
    let inside = path + "/run"
    guard inside.utf8.count + "/.s.PGSQL.65535".utf8.count > 107 else { return inside }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "/tmp/kagzi-\(geteuid())-\(String(hash, radix: 16))"
  }

  /// The major version of the cluster that is there, or nil.
  internal var version: Int? {
    guard let text = try? String(contentsOfFile: data + "/PG_VERSION", encoding: .utf8) else { return nil }
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  internal func make(for account: ServerAccount) throws {
    try makeFolder(path, mode: 0o755)
    try makeFolder(run, mode: 0o700)
    try account.own(run)
    var status = stat()
    guard lstat(run, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == account.user else {
      throw PostgresClusterError(.folderUnusable, "\(run) is not a folder of user \(account.user)")
    }
  }

  private func makeFolder(_ path: String, mode: Int) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
    } catch {
      throw PostgresClusterError(.folderUnusable, "cannot make the folder \(path): \(error)")
    }
  }

  /// Opens the log for appending; one larger than 16 MiB starts anew.
  internal func openLog() throws -> Int32 {
    var status = stat()
    let isLarge = stat(log, &status) == 0 && status.st_size > 16 << 20
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (isLarge ? O_TRUNC : 0), 0o600)
    guard descriptor >= 0 else { throw PostgresClusterError(.folderUnusable, "cannot write \(log)") }
    return descriptor
  }

  /// The log's last lines, for an error message.
  internal var logTail: String {
    guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return "" }
    return text.split(separator: "\n").suffix(6).joined(separator: "\n")
  }

  /// The first line of `postmaster.pid` or of a socket's lock file.
  internal func pid(in file: String) -> pid_t? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
    return text.split(separator: "\n").first.flatMap { pid_t($0) }
  }

  /// The lines of `postmaster.pid`: the first is the pid, the eighth the state.
  internal var processLines: [String] {
    guard let text = try? String(contentsOfFile: processFile, encoding: .utf8) else { return [] }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }
}

internal import Foundation
internal import Glibc

/// The server processes of a cluster, whoever started them: each has the data folder as its working directory.
internal struct ClusterProcesses {
  private let data: String

  internal init(_ folder: ClusterFolder) {
    data =
      realpath(folder.data, nil).map { resolved in
        defer { free(resolved) }
        return String(cString: resolved)
      } ?? folder.data
  }

  /// Those alive now; a zombie has no working directory any more.
  internal func all() -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter(belongs)
  }

  internal func belongs(_ pid: pid_t) -> Bool {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/\(pid)/cwd", &bytes, bytes.count - 1)
    guard count > 0 else { return false }
    return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) == data && isPostgres(pid)
  }

  /// Whether a living process of this pid, ours or another user's, is a Postgres; a zombie that nobody reaped is none.
  internal func isPostgres(_ pid: pid_t) -> Bool {
    // "4711 (postgres) S …"
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return text.contains(" (postgres) ") && !text.contains(" (postgres) Z")
  }

  /// SIGKILL to all of them. The postmaster is stopped first so that it starts no more.
  internal func killAll(postmaster: pid_t?) {
    if let postmaster, belongs(postmaster) { kill(postmaster, SIGSTOP) }
    for pid in all() { kill(pid, SIGKILL) }
  }

  /// Blocks until none is left, or the time is over.
  internal func waitUntilGone(within limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while !all().isEmpty {
      guard .now < deadline else { return false }
      usleep(5_000)
    }
    return true
  }

  /// Blocks until no Postgres of this pid lives, or the time is over: a killed one takes a moment to die.
  internal func waitUntilDead(_ pid: pid_t, within limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while isPostgres(pid) {
      guard .now < deadline else { return false }
      usleep(5_000)
    }
    return true
  }
}

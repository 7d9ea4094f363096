internal import Glibc

/// A program that this process started and reaps; it gets a process group of its own, so that a terminal's Ctrl-C reaches only us.
internal struct ChildProcess: Sendable {
  internal let pid: pid_t

  /// Starts a program with an environment of its own (nothing of ours, above all no `PG…`), in `/`.
  ///
  /// - Parameters:
  ///   - input: descriptor for standard input; `/dev/null` when nil.
  ///   - output: descriptor for standard output and error.
  internal static func start(_ arguments: [String], input: Int32? = nil, output: Int32? = nil) throws -> ChildProcess {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 1)
      posix_spawn_file_actions_adddup2(&actions, output, 2)
    }
    return ChildProcess(pid: try spawn(arguments, &actions))
  }

  private static func spawn(_ arguments: [String], _ actions: inout posix_spawn_file_actions_t) throws -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    // The account that the program becomes may not be allowed to enter our working directory.
    let words = ["/bin/sh", "-c", #"cd / && exec "$0" "$@""#] + arguments
    let settings = ["PATH=\(path):/usr/sbin:/sbin", "LC_ALL=C", "HOME=/"]
    let argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    let environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
    defer { for text in argv + environment { free(text) } }
    var pid = pid_t()
    let status = posix_spawn(&pid, words[0], &actions, &attributes, argv, environment)
    guard status == 0 else {
      throw PostgresClusterError(.startFailed, "cannot start \(arguments[0]): \(String(cString: strerror(status)))")
    }
    return pid
  }

  /// Blocks until the program ends and gives its exit code (128 + signal when one ended it).
  internal func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 { guard errno == EINTR else { return -1 } }
    return ChildProcess.exitCode(status)
  }

  /// The exit code if the program has ended; a program that is no child of ours (any more) counts as ended.
  internal func poll() -> Int32? {
    var status: Int32 = 0
    let reaped = waitpid(pid, &status, WNOHANG)
    if reaped == 0 { return nil }
    return reaped == pid ? ChildProcess.exitCode(status) : -1
  }

  private static func exitCode(_ status: Int32) -> Int32 {
    status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// The first 4 KiB that a short program prints, or nil when it fails.
  internal static func output(of arguments: [String]) -> String? {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
    defer { close(ends[0]) }
    let child = try? start(arguments, output: ends[1])
    close(ends[1])
    guard let child else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(ends[0], &bytes, bytes.count)
    guard child.wait() == 0, count > 0 else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

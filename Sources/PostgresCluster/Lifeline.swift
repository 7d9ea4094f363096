internal import Glibc

/// A small shell that waits for our end, however we end, and then tells the server to shut down: a socket that only we hold
/// open closes with us, SIGKILL included.
internal struct Lifeline: Sendable {
  private let shell: ChildProcess
  private let descriptor: Int32

  internal init(postmaster: pid_t, data: String) throws {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw PostgresClusterError(.startFailed, "no socket pair could be made")
    }
    let script = #"cat >/dev/null; [ "$(readlink /proc/$0/cwd)" = "$1" ] && kill -INT "$0""#
    let resolved = realpath(data, nil)
    defer { free(resolved) }
    let path = resolved.map { String(cString: $0) } ?? data
    do {
      shell = try ChildProcess.start(["sh", "-c", script, "\(postmaster)", path], input: ends[0])
    } catch {
      close(ends[0])
      close(ends[1])
      throw error
    }
    close(ends[0])
    descriptor = ends[1]
  }

  /// Lets go without telling the server anything.
  internal func release() {
    kill(-shell.pid, SIGKILL)
    close(descriptor)
    _ = shell.wait()
  }

  /// What happens when this process dies: the socket closes, and the shell acts.
  internal func cut() {
    close(descriptor)
    _ = shell.wait()
  }
}

internal import Foundation
internal import Glibc

extension ClusterFolder {
  /// Writes a new random password where only the server's account, and root, can read it.
  internal func writePassword(for account: ServerAccount) throws {
    unlink(password)
    let descriptor = open(password, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw PostgresClusterError(.folderUnusable, "cannot write \(password)") }
    defer { close(descriptor) }
    var generator = SystemRandomNumberGenerator()
    let text = (0..<2).map { _ in String(generator.next(), radix: 36) }.joined()
    guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
      throw PostgresClusterError(.folderUnusable, "cannot write \(password)")
    }
    try account.own(password)
  }

  internal func readPassword() -> String { (try? String(contentsOfFile: password, encoding: .utf8)) ?? "" }

  /// Removes everything, the socket's folder included.
  internal func remove() {
    try? FileManager.default.removeItem(atPath: run)
    try? FileManager.default.removeItem(atPath: path)
  }
}

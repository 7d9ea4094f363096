internal import Foundation
internal import Glibc

/// Folders of this test process below the temporary folder; those of dead test processes are removed at the first use.
package enum TestFolder {
  private static let prefix = "kagzi-test-"

  /// A new folder's path, not made yet.
  package static func new(_ purpose: String) -> String {
    _ = sweep
    return temporary + "/\(prefix)\(getpid())-\(purpose)-\(UInt32.random(in: 0...UInt32.max))"
  }

  package static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

  private static var temporary: String {
    let path = FileManager.default.temporaryDirectory.path(percentEncoded: false)
    return path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  private static let sweep: Void = {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? [] where name.hasPrefix(prefix) {
      guard let pid = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }), kill(pid, 0) != 0 else { continue }
      remove("\(temporary)/\(name)")
    }
  }()
}

/// Why a private cluster could not be made, started or reached, and what to do about it.
package struct PostgresClusterError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    case binariesMissing
    case folderInUse
    case folderUnusable
    case noServerAccount
    case versionMismatch
    case initializationFailed
    case startFailed
    case notRunning
  }

  package let code: Code
  package let message: String

  package var description: String { message }

  internal init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

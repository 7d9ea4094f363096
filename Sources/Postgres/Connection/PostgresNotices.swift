internal import CLibpq
internal import Logging

/// What the server says beside its answers: logged at `debug`, and remembered where it casts doubt on a commit.
///
/// Ignored legitimately: every notice but a WARNING 01000 while a commit is under way, by which the server says that it
/// ended the wait for a synchronous standby.
internal final class PostgresNotices {
  private let logger: Logger
  internal var isCommitDoubtful = false

  internal init(logger: Logger) { self.logger = logger }

  internal func received(_ result: OpaquePointer) {
    let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
    let text = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) } ?? ""
    if state == SQLState.warning.rawValue { isCommitDoubtful = true }
    logger.debug("postgres notice", metadata: ["sqlstate": "\(state)", "notice": "\(text)"])
  }
}

/// libpq calls this on the connection's own thread, inside a call that reads.
internal let postgresNoticeReceiver: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = {
  userData, result in
  guard let userData, let result else { return }
  Unmanaged<PostgresNotices>.fromOpaque(userData).takeUnretainedValue().received(result)
}

internal import CLibpq
internal import Glibc

extension PostgresConnection {
  /// The next result, writing and reading until it is there; nil ends the answer of one command.
  internal func nextResult(_ exchange: PostgresExchange) throws(PostgresError) -> PostgresResult? {
    while PQisBusy(handle) == 1 {
      if let error = wait(until: exchange.deadline, isFateUnknown: exchange.isCommitSent) { throw error }
    }
    guard let result = PQgetResult(handle) else { return nil }
    return PostgresResult(owning: result)
  }

  /// Writes what is left, waits for the socket, reads what came. Reading while writing keeps full buffers from locking both ends.
  internal func wait(until deadline: ContinuousClock.Instant, isFateUnknown: Bool) -> PostgresError? {
    let flushed = PQflush(handle)  // 0: all is written, 1: more to write, -1: broken, and reading says why
    var events = Int16(POLLIN)
    if flushed == 1 { events |= Int16(POLLOUT) }
    var socket = pollfd(fd: PQsocket(handle), events: events, revents: 0)
    let ready = poll(&socket, 1, pollTimeout(until: deadline))
    if ready == 0 && .now >= deadline {
      cancel()
      return lost(.timedOut, "the deadline passed before Postgres answered", isFateUnknown: isFateUnknown)
    }
    if ready < 0 && errno != EINTR {
      return lost(.connectionLost, "cannot wait for Postgres: errno \(errno)", isFateUnknown: isFateUnknown)
    }
    guard ready > 0, socket.revents & ~Int16(POLLOUT) != 0 || flushed < 0 else { return nil }
    guard PQconsumeInput(handle) == 0 else { return nil }
    // A last message of the server may have been read; if so it is the next result.
    guard PQisBusy(handle) == 1 else {
      isUsable = false
      return nil
    }
    return lost(.connectionLost, "the connection ended: \(libpqMessage)", isFateUnknown: isFateUnknown)
  }
}

/// Milliseconds for `poll(2)`, rounded up so that it does not return early again and again.
internal func pollTimeout(until deadline: ContinuousClock.Instant) -> Int32 {
  let left = ContinuousClock.now.duration(to: deadline)
  guard left > .zero else { return 0 }
  let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
  return Int32(min(milliseconds + 1, 3_600_000))
}

/// What to do about an error: the one place where SQLSTATEs become decisions is `PostgresError.fault`.
package enum PostgresFault: Sendable, Hashable {
  /// Nothing was done; the same again may succeed at once (serialization failure, deadlock, lock not available).
  case retryable
  /// Nothing was done and the connection is of no more use; the same again on a new one may succeed.
  case reconnect
  /// It may have been done or not: look before doing it again. The connection is of no more use.
  case fateUnknown
  /// Nothing was done; the server lacks something (memory, disk, connections). Try again later.
  case backOff
  /// Nothing was done; the data can never be stored as it is (bad text, number out of range, too large).
  case callersFault
  /// Nothing was done; a constraint, by its name, forbids it.
  case constraint(String)
  /// A queue of this process is full, or it is stopping: nothing was sent.
  case refused
  /// Our bug, or a server unlike the one we expect.
  case bug
}

/// Why the store did not do something: the one translation of `PostgresError` for the layers above.
package enum StoreError: Error, Sendable, Hashable {
  /// Too much waits already; nothing was done. Try again later.
  case queueFull
  /// The database was not reached before the deadline; nothing was done.
  case unavailable(String)
  /// Others changed the same rows again and again; nothing was done. Trying again may succeed.
  case conflict(String)
  /// A constraint, by its name, forbids it; nothing was done.
  case constraint(String)
  /// The data can never be stored as it is; nothing was done.
  case invalidData(String)
  /// It may have been done or not, and the database could not be asked before the deadline.
  case fateUnknown(String)
  /// Our bug; nothing was done unless the message says otherwise.
  case `internal`(String)
}

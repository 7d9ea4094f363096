/// An operation that waits for its outcome.
internal struct PendingOperation<Operation: Sendable, Outcome: Sendable>: Sendable {
  let operation: Operation
  let key: UInt64
  let isExclusive: Bool
  let bytes: Int
  let tenant: Tenant
  var deadline: ContinuousClock.Instant
  let completion: @Sendable (Result<Outcome, StoreError>) -> Void
}

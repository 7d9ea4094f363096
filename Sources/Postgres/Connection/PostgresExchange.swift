/// What was sent in one round trip and is still to be answered, in order.
internal struct PostgresExchange {
  internal enum Step {
    /// A statement was named on the server; it stays named whatever becomes of the transaction.
    case prepare(name: String)
    /// The pipeline's entry of this index.
    case entry(Int)
  }

  internal var steps: [Step] = []
  internal var preparing: Set<String> = []
  internal var failure: PostgresError?
  internal var bytes = 0
  internal let deadline: ContinuousClock.Instant
  /// Whether the server may commit what is sent so far.
  internal var isCommitSent = false
}

internal import Messages

/// When and how often a step is tried again. The coordinator decides, durably: retries survive the worker.
///
/// The delay before attempt n+1 is `min(initialInterval * multiplier^(n-1), maxInterval)`, then jitter.
public struct RetryPolicy: Sendable, Hashable {
  /// Executions in all, the first included; 1 means no retry.
  public var maxAttempts: Int
  /// Delay before the second attempt.
  public var initialInterval: Duration
  /// The longest delay.
  public var maxInterval: Duration
  /// Growth of the delay from one attempt to the next, at least 1.
  public var multiplier: Double
  /// Random change of the delay as a fraction, 0 to 1: 0.25 means plus or minus 25 %.
  public var jitter: Double
  /// No attempt begins later than this after the first one began. Nil: no limit.
  public var maxElapsed: Duration?
  /// Which errors are retried.
  public var predicate: RetryPredicate
  /// Error codes that are never retried.
  public var nonRetryableCodes: [String]

  public init(
    maxAttempts: Int = 5, initialInterval: Duration = .seconds(1), maxInterval: Duration = .seconds(3600),
    multiplier: Double = 2, jitter: Double = 0.25, maxElapsed: Duration? = nil,
    predicate: RetryPredicate = .onRetryableError, nonRetryableCodes: [String] = []
  ) {
    self.maxAttempts = maxAttempts
    self.initialInterval = initialInterval
    self.maxInterval = maxInterval
    self.multiplier = multiplier
    self.jitter = jitter
    self.maxElapsed = maxElapsed
    self.predicate = predicate
    self.nonRetryableCodes = nonRetryableCodes
  }

  /// One attempt.
  public static func none() -> RetryPolicy {
    RetryPolicy(maxAttempts: 1, jitter: 0)
  }

  /// Three attempts, five seconds apart, no jitter.
  public static func fixed() -> RetryPolicy {
    fixedWith(ms: 5_000, attempts: 3)
  }

  /// So many attempts, always the same delay apart, no jitter.
  public static func fixedWith(ms milliseconds: Int, attempts: Int) -> RetryPolicy {
    let interval = Duration.milliseconds(milliseconds)
    return RetryPolicy(
      maxAttempts: attempts, initialInterval: interval, maxInterval: interval, multiplier: 1, jitter: 0)
  }

  /// Five attempts; 1 s, then twice as long each time up to 1 h; jitter of 25 %.
  public static func exponential() -> RetryPolicy {
    RetryPolicy()
  }

  /// Exponential with one's own numbers.
  public static func exponentialWith(
    initial: Duration, max: Duration, multiplier: Double = 2, attempts: Int = 5, jitter: Double = 0.25
  ) -> RetryPolicy {
    RetryPolicy(
      maxAttempts: attempts, initialInterval: initial, maxInterval: max, multiplier: multiplier, jitter: jitter)
  }

  /// The same policy with this predicate.
  public func retryPredicate(_ predicate: RetryPredicate) -> RetryPolicy {
    var policy = self
    policy.predicate = predicate
    return policy
  }
}

extension RetryPolicy {
  var message: Messages.RetryPolicy {
    Messages.RetryPolicy(
      maxAttempts: UInt32(clamping: maxAttempts), initialInterval: ProtoDuration(initialInterval),
      maxInterval: ProtoDuration(maxInterval), multiplier: multiplier, jitter: jitter,
      maxElapsed: maxElapsed.map { ProtoDuration($0) }, predicate: predicate.message,
      kinds: predicate.kinds.map(\.message), nonRetryableCodes: nonRetryableCodes)
  }
}

/// When and how often a step is tried again.
package struct RetryPolicy: Sendable, Equatable {
  /// Which failures are retried.
  package enum Predicate: Sendable, Equatable {
    case onRetryableError
    case onAnyError
    case never
    case onErrorKind(Set<ErrorKind>)
  }

  /// Executions in all, the first included; 1 means no retry.
  package var maxAttempts: Int
  package var initialMilliseconds: Int64
  package var maxMilliseconds: Int64
  /// Growth of the delay, at least 1.
  package var multiplier: Double
  /// Random change of the delay as a fraction, 0 to 1.
  package var jitter: Double
  /// No attempt begins later than this after the first one began.
  package var maxElapsedMilliseconds: Int64?
  package var predicate: Predicate
  package var nonRetryableCodes: Set<String>

  package init(
    maxAttempts: Int = 5, initialMilliseconds: Int64 = 1_000, maxMilliseconds: Int64 = 3_600_000,
    multiplier: Double = 2, jitter: Double = 0.25, maxElapsedMilliseconds: Int64? = nil,
    predicate: Predicate = .onRetryableError, nonRetryableCodes: Set<String> = []
  ) {
    self.maxAttempts = maxAttempts
    self.initialMilliseconds = initialMilliseconds
    self.maxMilliseconds = maxMilliseconds
    self.multiplier = multiplier
    self.jitter = jitter
    self.maxElapsedMilliseconds = maxElapsedMilliseconds
    self.predicate = predicate
    self.nonRetryableCodes = nonRetryableCodes
  }

  /// 5 attempts, 1 s, 1 h, ×2, ±25 %: the default of activities.
  package static let exponential = RetryPolicy()
  /// 1 attempt: the default of local steps.
  package static let none = RetryPolicy(maxAttempts: 1)
}

/// What comes after a failed attempt.
package enum RetryDecision: Sendable, Equatable {
  /// Another attempt after this delay.
  case retry(afterMilliseconds: Int64)
  /// No other attempt; the reason is for people.
  case giveUp(reason: String)
}

extension RetryPolicy {
  /// Decides what comes after attempt `attempt` (from 1) failed.
  /// - Parameters:
  ///   - elapsedMilliseconds: time since the first attempt began.
  ///   - generator: randomness for the jitter.
  package func decide(
    after failure: FailureFacts, attempt: Int, elapsedMilliseconds: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> RetryDecision {
    guard attempt < maxAttempts else {
      return .giveUp(reason: maxAttempts == 1 ? "no retry policy" : "all \(maxAttempts) attempts failed")
    }
    if !failure.code.isEmpty, nonRetryableCodes.contains(failure.code) {
      return .giveUp(reason: "code \(failure.code) is not retryable")
    }
    guard isRetried(failure) else { return .giveUp(reason: "the failure is not retryable") }
    let delay = failure.retryAfterMilliseconds ?? delayMilliseconds(after: attempt, using: &generator)
    if let limit = maxElapsedMilliseconds, elapsedMilliseconds.addingSaturated(delay) > limit {
      return .giveUp(reason: "the time budget of \(limit) ms would be passed")
    }
    return .retry(afterMilliseconds: max(0, delay))
  }

  /// min(initial × multiplier^(attempt−1), max), then jitter, in milliseconds.
  package func delayMilliseconds(after attempt: Int, using generator: inout some RandomNumberGenerator) -> Int64 {
    var delay = Double(initialMilliseconds)
    var remaining = attempt - 1
    while remaining > 0, delay < Double(maxMilliseconds), multiplier > 1 {
      delay *= multiplier
      remaining -= 1
    }
    delay = min(delay, Double(maxMilliseconds))
    if jitter > 0 { delay *= 1 + Double.random(in: -jitter...jitter, using: &generator) }
    return Int64(min(delay.rounded(), 9e15))
  }

  private func isRetried(_ failure: FailureFacts) -> Bool {
    switch predicate {
    case .never: false
    // Work that was cancelled is not begun again, unless the failure itself asks for it.
    case .onAnyError: failure.retryable ?? (failure.kind != .cancelled)
    case .onRetryableError: failure.retryable ?? failure.kind.isRetryable
    case .onErrorKind(let kinds): failure.retryable ?? kinds.contains(failure.kind)
    }
  }
}

extension Int64 {
  fileprivate func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

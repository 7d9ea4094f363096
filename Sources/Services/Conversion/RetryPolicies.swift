internal import Engine
internal import GRPC
internal import Messages

extension Engine.RetryPolicy {
  /// Reads a policy of the contract, with its defaults.
  internal init(_ message: Messages.RetryPolicy) {
    self.init(
      maxAttempts: message.maxAttempts.map(Int.init) ?? 5,
      initialMilliseconds: message.initialInterval?.milliseconds ?? 1_000,
      maxMilliseconds: message.maxInterval?.milliseconds ?? 3_600_000,
      multiplier: message.multiplier ?? 2, jitter: message.jitter ?? 0.25,
      maxElapsedMilliseconds: message.maxElapsed?.milliseconds,
      predicate: Predicate(message), nonRetryableCodes: Set(message.nonRetryableCodes))
  }
}

extension Engine.RetryPolicy.Predicate {
  fileprivate init(_ message: Messages.RetryPolicy) {
    switch message.predicate {
    case .onAnyError: self = .onAnyError
    case .never: self = .never
    case .onErrorKind: self = .onErrorKind(Set(message.kinds.compactMap { Engine.ErrorKind(rawValue: $0.rawValue) }))
    default: self = .onRetryableError
    }
  }
}

extension Messages.RetryPolicy {
  /// What is wrong with it, as field and reason; nil when nothing is.
  internal var flaw: (field: String, reason: String)? {
    if maxAttempts == 0 { return ("max_attempts", "must be 1 or more (1 means no retry)") }
    if initialInterval?.isNegative == true { return ("initial_interval", "must not be negative") }
    if maxInterval?.isNegative == true { return ("max_interval", "must not be negative") }
    if let multiplier, !(multiplier >= 1 && multiplier <= 1_000) { return ("multiplier", "must be 1 to 1,000") }
    if let jitter, !(jitter >= 0 && jitter <= 1) { return ("jitter", "must be 0 to 1") }
    if maxElapsed?.isNegative == true { return ("max_elapsed", "must not be negative") }
    if predicate == .onErrorKind && kinds.isEmpty { return ("kinds", "must name a kind for ON_ERROR_KIND") }
    return nil
  }
}

extension FailureFacts {
  internal init(_ failure: Failure) {
    self.init(
      kind: Engine.ErrorKind(rawValue: failure.kind.rawValue) ?? .unknown, code: failure.code,
      retryable: failure.retryable, retryAfterMilliseconds: failure.retryAfter?.milliseconds)
  }
}

internal import Messages

/// Which errors a policy retries.
public enum RetryPredicate: Sendable, Hashable {
  /// Errors whose kind is retryable, or that say so themselves.
  case onRetryableError
  /// Every error.
  case onAnyError
  /// None.
  case never
  /// Errors of these kinds.
  case onErrorKind([ErrorKind])

  var kinds: [ErrorKind] {
    if case .onErrorKind(let kinds) = self { kinds } else { [] }
  }

  var message: Messages.RetryPredicate {
    switch self {
    case .onRetryableError: .onRetryableError
    case .onAnyError: .onAnyError
    case .never: .never
    case .onErrorKind: .onErrorKind
    }
  }
}

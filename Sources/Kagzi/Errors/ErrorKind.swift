internal import Messages

/// What kind of thing went wrong. The kind decides whether the default retry predicate retries.
public enum ErrorKind: String, Sendable, Hashable, CaseIterable {
  /// The network failed. Retryable.
  case networkError = "NETWORK_ERROR"
  /// A service answered that it cannot serve now. Retryable.
  case serviceUnavailable = "SERVICE_UNAVAILABLE"
  /// A service asked to slow down. Retryable.
  case rateLimited = "RATE_LIMITED"
  /// Something took longer than allowed. Retryable.
  case timeout = "TIMEOUT"
  /// A database failed. Retryable.
  case databaseError = "DATABASE_ERROR"
  /// The worker that held the task went away. Retryable.
  case workerLost = "WORKER_LOST"
  /// The input did not pass validation. Not retryable.
  case validationFailed = "VALIDATION_FAILED"
  /// Something that was asked for does not exist. Not retryable.
  case notFound = "NOT_FOUND"
  /// The caller may not do this. Not retryable.
  case permissionDenied = "PERMISSION_DENIED"
  /// The input cannot be used. Not retryable.
  case invalidInput = "INVALID_INPUT"
  /// A rule of the business says no. Not retryable.
  case businessLogicError = "BUSINESS_LOGIC_ERROR"
  /// The work was cancelled. Not retryable.
  case cancelled = "CANCELLED"
  /// Anything else. Not retryable.
  case unknown = "UNKNOWN"

  /// Whether `RetryPredicate.onRetryableError` retries errors of this kind that do not say otherwise themselves.
  public var isRetryable: Bool {
    switch self {
    case .networkError, .serviceUnavailable, .rateLimited, .timeout, .databaseError, .workerLost: true
    case .validationFailed, .notFound, .permissionDenied, .invalidInput, .businessLogicError, .cancelled, .unknown:
      false
    }
  }
}

extension ErrorKind {
  init(_ kind: Messages.ErrorKind) {
    switch kind {
    case .networkError: self = .networkError
    case .serviceUnavailable: self = .serviceUnavailable
    case .rateLimited: self = .rateLimited
    case .timeout: self = .timeout
    case .databaseError: self = .databaseError
    case .workerLost: self = .workerLost
    case .validationFailed: self = .validationFailed
    case .notFound: self = .notFound
    case .permissionDenied: self = .permissionDenied
    case .invalidInput: self = .invalidInput
    case .businessLogicError: self = .businessLogicError
    case .cancelled: self = .cancelled
    case .unspecified, .unknown, .unrecognized: self = .unknown
    }
  }

  var message: Messages.ErrorKind {
    switch self {
    case .networkError: .networkError
    case .serviceUnavailable: .serviceUnavailable
    case .rateLimited: .rateLimited
    case .timeout: .timeout
    case .databaseError: .databaseError
    case .workerLost: .workerLost
    case .validationFailed: .validationFailed
    case .notFound: .notFound
    case .permissionDenied: .permissionDenied
    case .invalidInput: .invalidInput
    case .businessLogicError: .businessLogicError
    case .cancelled: .cancelled
    case .unknown: .unknown
    }
  }
}

/// What kind of thing went wrong. Raw values are those of the contract.
package enum ErrorKind: Int32, Sendable, CaseIterable {
  case networkError = 1
  case serviceUnavailable = 2
  case rateLimited = 3
  case timeout = 4
  case databaseError = 5
  case workerLost = 6
  case validationFailed = 7
  case notFound = 8
  case permissionDenied = 9
  case invalidInput = 10
  case businessLogicError = 11
  case cancelled = 12
  case unknown = 13

  /// Whether the default predicate retries it.
  package var isRetryable: Bool { rawValue <= ErrorKind.workerLost.rawValue }

  /// The name operators see, such as `NETWORK_ERROR`.
  package var name: String {
    "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
  }
}

/// What the retry decision needs to know of a failure.
package struct FailureFacts: Sendable, Equatable {
  package var kind: ErrorKind
  package var code: String
  /// Overrides the kind's retryability.
  package var retryable: Bool?
  /// Asks for this delay instead of the policy's, in milliseconds.
  package var retryAfterMilliseconds: Int64?

  package init(
    kind: ErrorKind, code: String = "", retryable: Bool? = nil, retryAfterMilliseconds: Int64? = nil
  ) {
    self.kind = kind
    self.code = code
    self.retryable = retryable
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }
}

internal import Messages

/// Why a step failed. What a step throws is recorded as one of these and thrown as one, on every replay alike.
///
/// Throw it from steps and activities to choose the kind, to override retryability or to ask for a delay.
public struct StepError: Error, Sendable, Hashable {
  /// The kind, which decides about retries unless `retryable` overrides it.
  public var kind: ErrorKind
  /// One sentence for a person.
  public var message: String
  /// Where it arose: a type, a service or a function.
  public var source: String
  /// Free-form facts, such as an order id or an HTTP status.
  public var context: [String: String]
  /// Overrides the kind's retryability.
  public var retryable: Bool?
  /// Asks for this delay before the next attempt instead of the policy's.
  public var retryAfter: Duration?
  /// The application's own code, matched by `RetryPolicy.nonRetryableCodes`.
  public var code: String
  /// Details for a program.
  public var details: RawPayload?
  /// What caused it, outermost first.
  public var causes: [Cause]

  /// One link in the chain of causes.
  public struct Cause: Sendable, Hashable {
    /// The cause's kind.
    public var kind: ErrorKind
    /// The cause's message.
    public var message: String
    /// Where the cause arose.
    public var source: String
    /// The cause's code.
    public var code: String

    public init(_ kind: ErrorKind, _ message: String, source: String = "", code: String = "") {
      self.kind = kind
      self.message = message
      self.source = source
      self.code = code
    }
  }

  public init(
    _ kind: ErrorKind, _ message: String, source: String = "", context: [String: String] = [:],
    retryable: Bool? = nil, retryAfter: Duration? = nil, code: String = "", details: RawPayload? = nil,
    causes: [Cause] = []
  ) {
    self.kind = kind
    self.message = message
    self.source = source
    self.context = context
    self.retryable = retryable
    self.retryAfter = retryAfter
    self.code = code
    self.details = details
    self.causes = causes
  }

  /// Whether the default predicate retries it.
  public var isRetryable: Bool { retryable ?? kind.isRetryable }
}

extension StepError: CustomStringConvertible {
  public var description: String {
    let origin = source.isEmpty ? "" : " (\(source))"
    return "\(kind.rawValue): \(message)\(origin)"
  }
}

extension StepError {
  init(_ failure: Failure) {
    self.init(
      ErrorKind(failure.kind), failure.message, source: failure.source, context: failure.context,
      retryable: failure.retryable, retryAfter: failure.retryAfter.map { Duration($0) }, code: failure.code,
      details: failure.details.map { RawPayload($0) },
      causes: failure.causes.map { Cause(ErrorKind($0.kind), $0.message, source: $0.source, code: $0.code) })
  }

  var failure: Failure {
    Failure(
      kind: kind.message, message: message.wireText, code: code.wireText, retryable: retryable,
      retryAfter: retryAfter.map { ProtoDuration($0) }, details: details?.payload,
      context: Dictionary(
        context.map { ($0.key.wireText, $0.value.wireText) }, uniquingKeysWith: { _, last in last }),
      source: source.wireText,
      causes: causes.prefix(16).map {
        FailureCause(
          kind: $0.kind.message, message: $0.message.wireText, code: $0.code.wireText, source: $0.source.wireText)
      })
  }
}

extension String {
  /// Text that the wire takes: without NUL, and no longer than a failure's text should be (16 KiB).
  var wireText: String {
    let isPlain = utf8.count <= 16_384 && !utf8.contains(0)
    return isPlain ? self : String(prefix(4_096)).replacing("\0", with: "\u{FFFD}")
  }
}

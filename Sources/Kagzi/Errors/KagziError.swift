internal import GRPC
internal import Messages

/// Why the coordinator refused a call, or could not be reached.
public struct KagziError: Error, Sendable, Hashable {
  /// What kind of refusal it is.
  public enum Code: String, Sendable, Hashable {
    /// The request itself is wrong, such as a name that is too long.
    case invalid
    /// There is no such run, namespace or type.
    case notFound
    /// An open run holds this workflow id; `runID` names it.
    case alreadyStarted
    /// There is a namespace or a schedule of this name already.
    case alreadyExists
    /// The state of things does not allow it: the run is closed, the version was never registered.
    case refused
    /// A limit was passed: a payload is too large, a queue is full.
    case limit
    /// The caller may not do this.
    case permissionDenied
    /// The call took longer than allowed.
    case timeout
    /// The coordinator or its database cannot be reached.
    case unavailable
    /// The coordinator does not know this call.
    case unimplemented
    /// Anything else.
    case other
  }

  /// What kind of refusal it is.
  public var code: Code
  /// What happened, to what, and what to do next.
  public var message: String
  /// The run that it is about, where the coordinator names one.
  public var runID: String?
  /// Exactly what is wrong, where the coordinator says it.
  public var detail: Detail?

  public init(_ code: Code, _ message: String, runID: String? = nil, detail: Detail? = nil) {
    self.code = code
    self.message = message
    self.runID = runID
    self.detail = detail
  }

  /// Whether it is about a version that nobody registered.
  var isVersionUnknown: Bool {
    if case .versionNotRegistered? = detail { true } else { false }
  }

  var stepError: StepError {
    let kind: ErrorKind =
      switch code {
      case .unavailable: .serviceUnavailable
      case .timeout: .timeout
      case .limit: .rateLimited
      case .notFound: .notFound
      case .permissionDenied: .permissionDenied
      case .invalid: .invalidInput
      case .alreadyStarted, .alreadyExists, .refused: .businessLogicError
      case .unimplemented, .other: .unknown
      }
    return StepError(kind, message, source: "Kagzi")
  }
}

extension KagziError: CustomStringConvertible {
  public var description: String { "\(code.rawValue): \(message)" }
}

extension KagziError {
  init(_ status: Status) {
    let code: Code =
      switch status.code {
      case .invalidArgument, .outOfRange: .invalid
      case .notFound: .notFound
      case .alreadyExists: (status.detail() as ResourceExists?) == nil ? .alreadyStarted : .alreadyExists
      case .failedPrecondition, .aborted: .refused
      case .resourceExhausted: .limit
      case .permissionDenied, .unauthenticated: .permissionDenied
      case .deadlineExceeded: .timeout
      case .unavailable: .unavailable
      case .unimplemented: .unimplemented
      default: .other
      }
    let detail = Detail(status)
    self.init(code, status.message, runID: detail?.runID, detail: detail)
  }
}

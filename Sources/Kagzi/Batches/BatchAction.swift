internal import Messages

/// What a batch does to each run.
public enum BatchAction: Sendable, Hashable {
  /// Ask it to cancel.
  case cancel
  /// Close it at once.
  case terminate
  /// Park it.
  case pause
  /// Let it go on.
  case resume
  /// Open it again after a failure.
  case retry
  /// Send it a signal with this payload.
  case signal(String, payload: RawPayload)

  /// A signal with a value.
  public static func signal(_ name: String, _ payload: some Encodable) throws -> BatchAction {
    .signal(name, payload: try RawPayload.encode(payload))
  }

  /// A signal that says nothing but its name.
  public static func signal(_ name: String) -> BatchAction {
    .signal(name, payload: RawPayload(PayloadCoding.null))
  }

  var message: Messages.BatchAction {
    switch self {
    case .cancel: .cancel
    case .terminate: .terminate
    case .pause: .pause
    case .resume: .resume
    case .retry: .retry
    case .signal: .signal
    }
  }

  var signalName: String {
    if case .signal(let name, _) = self { name } else { "" }
  }

  var payload: Payload? {
    if case .signal(_, let payload) = self { payload.payload } else { nil }
  }
}

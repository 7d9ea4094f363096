import Messages

/// The state of one call on the server. A value without I/O.
///
/// The peer's faults (too many or too few messages) are thrown as statuses; a second answer is legitimately ignored,
/// for a deadline or a cancellation may have answered first.
struct ServerCallState {
  /// What a response message needs sent.
  enum MessageAction: Equatable {
    case sendHeadersAndMessage
    case sendMessage
    case ignore
  }

  /// What a status needs sent.
  enum StatusAction: Equatable {
    case sendTrailersOnly
    case sendTrailers
    case ignore
  }

  private enum Response {
    case idle
    case headersSent
    case ended
  }

  private let takesOneRequest: Bool
  private var requests = 0
  private var response = Response.idle
  private(set) var isRequestEnded = false

  init(kind: RPCKind) {
    takesOneRequest = kind == .unary || kind == .serverStreaming
  }

  /// The call is answered or gone.
  var isEnded: Bool { response == .ended }

  mutating func requestArrived() throws(Status) {
    requests += 1
    if takesOneRequest, requests > 1 {
      throw Status(.internal, "the call takes one request message and a second one came")
    }
  }

  mutating func requestsEnded() throws(Status) {
    isRequestEnded = true
    if takesOneRequest, requests == 0 {
      throw Status(.internal, "the call takes one request message and none came")
    }
  }

  mutating func headersReady() -> Bool {
    guard response == .idle else { return false }
    response = .headersSent
    return true
  }

  mutating func responseReady() -> MessageAction {
    switch response {
    case .idle:
      response = .headersSent
      return .sendHeadersAndMessage
    case .headersSent: return .sendMessage
    case .ended: return .ignore
    }
  }

  mutating func statusReady() -> StatusAction {
    defer { response = .ended }
    switch response {
    case .idle: return .sendTrailersOnly
    case .headersSent: return .sendTrailers
    case .ended: return .ignore
    }
  }

  /// The stream closed. Returns whether that cut the call short.
  mutating func streamClosed() -> Bool {
    defer { response = .ended }
    return response != .ended
  }
}

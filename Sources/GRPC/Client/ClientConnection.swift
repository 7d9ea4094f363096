import HTTP2
import Logging
import NIOCore

/// One connection to a server: calls to streams, events to calls. Event loop only.
final class ClientConnection: SessionConnection {
  private let limits: ClientLimits
  /// Cut when the channel is done with this connection.
  weak var channel: ClientChannel?
  private var lastReceived = NIODeadline.now().uptimeNanoseconds
  private var pingSent: UInt64?
  private var isReady = false
  private var isLeaving = false

  init(loop: ConnectionLoop, limits: ClientLimits, peer: String, isSecure: Bool, channel: ClientChannel, logger: Logger)
  {
    self.limits = limits
    self.channel = channel
    super.init(
      loop: loop, session: HTTP2Session(role: .client, limits: limits.http2), peer: peer, requiresALPN: isSecure,
      logger: logger)
  }

  override func received(now: UInt64) {
    lastReceived = now
    pingSent = nil
  }

  override func ended() {
    channel?.connectionEnded(self, wasReady: isReady)
  }

  /// Opens a stream for a call. False when this connection takes no more.
  func open(_ call: ClientCall, _ headers: HTTP2Headers) -> Bool {
    guard !isLeaving, session.canOpenStreams, let stream = session.openStream(headers, user: call) else { return false }
    call.stream = stream
    call.connection = self
    call.phase = .open
    call.opened()
    markDirty()
    return true
  }

  /// Takes no more calls; closes when the open ones are over.
  func leave() {
    guard !isLeaving else { return }
    isLeaving = true
    closeIfDone()
  }

  private func closeIfDone() {
    guard isLeaving, session.openStreams == 0 else { return }
    session.goAway()
    closeAfterFlush()
  }

  // MARK: Events

  override func handle(_ event: HTTP2Event, _ log: HTTP2EventLog, now: UInt64) {
    switch event {
    case .data(let stream, let bytes, let endStream):
      session.consumeConnection(bytes.count)
      guard let call = stream.clientCall else { return session.consume(stream, bytes.count) }
      log.withBytes(bytes) { received(call, stream, $0) }
      if endStream { endedWithoutStatus(call) }
    case .headers(let stream, let fields, _, let endStream):
      if let call = stream.clientCall { received(call, ResponseHead(log, fields), endStream: endStream) }
    case .headersTooLarge(let stream, _):
      guard let call = stream.clientCall else { return }
      end(call, Status(.resourceExhausted, "the response headers are over \(limits.http2.maxHeaderListSize) bytes"))
    case .endOfStream(let stream):
      if let call = stream.clientCall { endedWithoutStatus(call) }
    case .closed(let stream, let code):
      if let call = stream.clientCall { closed(call, code) }
      stream.user = nil
      closeIfDone()
    case .drained(let stream):
      stream.clientCall?.drained()
    case .headersNotSent(let stream):
      // Too large for the library, or the session has just begun to close; `closed` follows.
      logger.debug("request headers were not sent", metadata: ["stream": "\(stream.id)"])
    case .goAway(_, let code, let reason):
      logger.debug(
        "the server is leaving", metadata: ["peer": "\(peer)", "code": "\(code.rawValue)", "reason": "\(reason)"])
      channel?.connectionLeaving(self)
      leave()
    case .settings:
      guard !isReady else { return }
      isReady = true
      channel?.connectionReady(self)
    case .pingAcknowledged: break
    }
  }

  private func received(_ call: ClientCall, _ stream: HTTP2Stream, _ bytes: UnsafeRawBufferPointer) {
    do throws(Status) {
      try call.deframer.receive(bytes) { (message) throws(Status) in
        try call.encoding.withPlainBytes(of: message, maxMessage: limits.maxResponseMessage) {
          (plain) throws(Status) in try call.received(plain)
        }
        return true
      }
    } catch {
      session.consume(stream, bytes.count)
      return end(call, error)
    }
    if call.isHoldingBack {
      call.unconsumedBytes += bytes.count
    } else {
      session.consume(stream, bytes.count + call.unconsumedBytes)
      call.unconsumedBytes = 0
    }
  }

  /// The reader of a call has made room.
  func consumeHeld(_ call: ClientCall) {
    guard let stream = call.stream, call.unconsumedBytes > 0 else { return }
    session.consume(stream, call.unconsumedBytes)
    call.unconsumedBytes = 0
    markDirty()
  }

  private func received(_ call: ClientCall, _ head: ResponseHead, endStream: Bool) {
    if let status = head.httpStatus, (100...199).contains(status) { return }
    if !call.hasHeaders {
      call.hasHeaders = true
      if let failure = head.httpFailure, head.status == nil { return end(call, failure) }
      guard let encoding = head.encoding else {
        return end(call, Status(.internal, "the server uses an encoding that was not offered"))
      }
      call.encoding = encoding
      if !endStream { call.receivedHeaders(head.metadata) }
    }
    guard endStream else { return }
    guard let status = head.status else { return endedWithoutStatus(call) }
    if status.code == .ok, call.deframer.bufferedBytes > 0 {
      return end(call, Status(.internal, "the response ends in the middle of a message"))
    }
    end(call, status, trailers: head.metadata)
  }

  private func endedWithoutStatus(_ call: ClientCall) {
    end(call, Status(.internal, "the server ended the call without a status"))
  }

  private func end(_ call: ClientCall, _ status: Status, trailers: Metadata = [:]) {
    channel?.end(call, status, trailers: trailers)
  }

  /// The stream of a call that had not ended is over.
  private func closed(_ call: ClientCall, _ code: HTTP2ErrorCode) {
    call.stream = nil
    call.connection = nil
    guard call.phase == .open else { return }
    if code == .refusedStream, call.canBeSentAgain, call.refusals < 3 {
      call.refusals += 1
      channel?.startAgain(call)
      return
    }
    let status =
      switch code {
      case .cancel: Status(.cancelled, "the server cancelled the call")
      case .refusedStream: Status(.unavailable, "the server refused the call")
      case .enhanceYourCalm: Status(.resourceExhausted, "the server wants fewer calls")
      case .inadequateSecurity: Status(.permissionDenied, "the server wants a more secure connection")
      case .connectError: Status(.unavailable, "the connection to \(peer) was lost")
      default: Status(.internal, "the server reset the call with HTTP/2 code \(code.rawValue)")
      }
    end(call, status)
  }

  // MARK: Time

  override func tick(now: UInt64) {
    guard isReady, session.openStreams > 0, let interval = limits.keepaliveInterval?.nanoseconds else { return }
    if let pingSent {
      guard now - pingSent >= limits.keepaliveTimeout.nanoseconds else { return }
      logger.debug("the server does not answer pings", metadata: ["peer": "\(peer)"])
      close()
    } else if now > lastReceived, now - lastReceived >= interval {
      pingSent = now
      session.ping(0x6b65_6570)
      markDirty()
    }
  }

  override func endExpiredCalls(now: UInt64) -> UInt64? {
    var next: UInt64?
    session.forEachStream { stream in
      guard let call = stream.clientCall, call.phase == .open else { return }
      if call.deadlineUptime <= now {
        end(call, .deadlineExceeded)
      } else if call.deadlineUptime != .max {
        next = min(next ?? .max, call.deadlineUptime)
      }
    }
    return next
  }
}

extension Status {
  static let deadlineExceeded = Status(.deadlineExceeded, "the deadline has passed")
}

extension HTTP2Stream {
  /// The call that a client's stream carries; a client puts nothing else there.
  var clientCall: ClientCall? {
    guard let user else { return nil }
    return unsafeDowncast(user, to: ClientCall.self)
  }
}

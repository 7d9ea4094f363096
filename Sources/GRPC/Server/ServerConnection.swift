import HTTP2
import Logging
import NIOCore

/// One connection of a client to this server: events to calls. Event loop only.
final class ServerConnection: SessionConnection {
  let limits: ServerLimits
  /// Bytes of requests held for this connection's calls.
  @exclusivity(unchecked) var heldBytes = 0
  private let router: Router
  @exclusivity(unchecked) private var watch: ConnectionWatch
  @exclusivity(unchecked) private var userAgent = (bytes: [UInt8](), text: "")

  init(
    loop: ConnectionLoop, router: Router, limits: ServerLimits, peer: String, requiresALPN: Bool, logger: Logger
  ) {
    self.router = router
    self.limits = limits
    watch = ConnectionWatch(limits: limits, now: NIODeadline.now().uptimeNanoseconds)
    super.init(
      loop: loop, session: HTTP2Session(role: .server, limits: limits.http2), peer: peer, requiresALPN: requiresALPN,
      logger: logger)
  }

  override func received(now: UInt64) { watch.received(now: now) }

  override func handle(_ event: HTTP2Event, _ log: HTTP2EventLog, now: UInt64) {
    switch event {
    case .data(let stream, let bytes, let endStream):
      session.consumeConnection(bytes.count)
      guard let call = stream.call else { return session.consume(stream, bytes.count) }
      log.withBytes(bytes) { received(call, $0, isLast: endStream) }
    case .headers(let stream, let fields, .request, let endStream):
      watch.requestArrived()
      open(stream, log, fields, endStream: endStream, now: now)
    case .headers(let stream, _, _, let endStream):
      if endStream, let call = stream.call { requestsEnded(call) }
    case .headersTooLarge(let stream, _):
      reject(stream, Status(.resourceExhausted, "the headers are over \(limits.http2.maxHeaderListSize) bytes"))
    case .endOfStream(let stream):
      if let call = stream.call { requestsEnded(call) }
    case .closed(let stream, _):
      if let call = stream.call { closed(call) }
      stream.user = nil
      if session.openStreams == 0 { watch.becameIdle(now: now) }
    case .drained(let stream):
      stream.call?.responses?.sendingChanged(stream.bufferedBytes)
    case .headersNotSent(let stream):
      session.reset(stream, .internalError)
    case .pingAcknowledged:
      perform(watch.pingAcknowledged())
    case .goAway, .settings:
      break
    }
  }

  private func open(
    _ stream: HTTP2Stream, _ log: HTTP2EventLog, _ fields: Range<Int>, endStream: Bool, now: UInt64
  ) {
    let head = RequestHead(log, fields, router: router)
    switch head.rejection {
    case .http(let status):
      return session.respond(stream, ResponseHeaders.http(status), endStream: true)
    case .status(let status):
      return reject(stream, status)
    case nil: break
    }
    guard let route = head.route else { return }
    let userAgent = remembered(head.userAgent)
    let call = ServerCall(
      stream: stream, route: route, connection: self, head: head, userAgent: userAgent, now: now)
    stream.user = call
    if call.deadlineUptime != .max { deadlines.add(call.deadlineUptime, on: self) }
    begin(call, isLast: endStream)
  }

  private func reject(_ stream: HTTP2Stream, _ status: Status) {
    if let call = stream.call {
      finish(call, status, trailers: [:])
    } else {
      session.respond(stream, ResponseHeaders.trailersOnly(status, [:], limit: trailerLimit), endStream: true)
    }
  }

  var trailerLimit: Int { min(session.peerMaxHeaderListSize, limits.http2.maxSentHeaderBlock - 1_024) }

  /// The same client sends the same text with every call: it is made once.
  private func remembered(_ text: UnsafeRawBufferPointer?) -> String {
    guard let text else { return "" }
    if !equals(text, userAgent.bytes) { userAgent = (Array(text), String(decoding: text, as: UTF8.self)) }
    return userAgent.text
  }

  // MARK: Time

  /// The deadline of some call may have passed: ends those whose has. Returns the next deadline.
  override func endExpiredCalls(now: UInt64) -> UInt64? {
    var next: UInt64?
    loop.beginBatch()
    defer { loop.endBatch() }
    session.forEachStream { stream in
      guard let call = stream.call, !call.state.isEnded else { return }
      if call.deadlineUptime <= now {
        let action = call.takeCancelAction()
        finish(call, Status(.deadlineExceeded, "the deadline has passed"), trailers: [:])
        action?()
      } else if call.deadlineUptime != .max {
        next = min(next ?? .max, call.deadlineUptime)
      }
    }
    return next
  }

  override func tick(now: UInt64) {
    perform(
      watch.tick(
        now: now, openStreams: session.openStreams, isReceivingHeaders: session.isReceivingHeaders,
        isWritable: context?.channel.isWritable ?? true))
    guard let stalled = limits.stalledReplyTimeout?.nanoseconds else { return }
    let oldest = now > stalled ? (now - stalled) / 1_000_000 : 0
    session.forEachStream { stream in
      if stream.isFinishing, stream.bufferedBytes > 0, stream.lastSent < oldest {
        session.reset(stream, .cancel)
        markDirty()
      }
    }
  }

  /// Begins to end the connection: no new calls, open ones go on.
  func drain() {
    perform(watch.drain(now: NIODeadline.now().uptimeNanoseconds))
  }

  private func perform(_ action: ConnectionWatch.Action) {
    switch action {
    case .nothing: return
    case .ping: session.ping(ConnectionWatch.keepalivePing)
    case .announceShutdown:
      session.announceShutdown()
      session.ping(ConnectionWatch.drainPing)
    case .refuseNewStreams: session.goAway()
    case .close(let reason):
      logger.debug("closing a connection", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
      return close()
    }
    markDirty()
  }
}

extension HTTP2Stream {
  /// The call that a server's stream carries; a server puts nothing else there.
  var call: ServerCall? {
    guard let user else { return nil }
    return unsafeDowncast(user, to: ServerCall.self)
  }
}

import HTTP2
import Logging
import NIOCore
import NIOTLS

/// One client connection: carries bytes between its channel and its session, and events to calls. Event loop only.
final class ServerConnection: ChannelDuplexHandler, LoopConnection {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  let loop: ConnectionLoop
  let limits: ServerLimits
  let session: HTTP2Session
  let peer: String
  private let router: Router
  private let logger: Logger
  private let requiresALPN: Bool
  var context: ChannelHandlerContext?
  var watch: ConnectionWatch
  var deadlines = DeadlineTimer()
  /// Bytes of requests held for this connection's calls.
  var heldBytes = 0
  private var isDirty = false
  private var isReading = false
  private var isStarted = false
  private var isReadHeld = false
  private var isClosing = false
  private var userAgent = ""

  init(
    loop: ConnectionLoop, router: Router, limits: ServerLimits, peer: String, requiresALPN: Bool, logger: Logger
  ) {
    self.loop = loop
    self.router = router
    self.limits = limits
    self.peer = peer
    self.requiresALPN = requiresALPN
    self.logger = logger
    session = HTTP2Session(role: .server, limits: limits.http2)
    watch = ConnectionWatch(limits: limits, now: NIODeadline.now().uptimeNanoseconds)
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    loop.add(self)
    if context.channel.isActive { begin() }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin()
    context.fireChannelActive()
  }

  private func begin() {
    guard !requiresALPN, !isStarted else { return }
    isStarted = true
    session.start()
    markDirty()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent, requiresALPN, !isStarted {
      if negotiated == "h2" {
        isStarted = true
        session.start()
        markDirty()
      } else {
        logger.debug("closing a TLS connection that did not negotiate h2", metadata: ["peer": "\(peer)"])
        context.close(promise: nil)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isReading {
      isReading = true
      loop.beginBatch()
    }
    let buffer = unwrapInboundIn(data)
    let now = NIODeadline.now().uptimeNanoseconds
    watch.received(now: now)
    do {
      try buffer.withUnsafeReadableBytes { bytes throws(HTTP2Error) in
        try session.receive(bytes, now: now / 1_000_000)
      }
    } catch {
      logger.debug("ending a connection", metadata: ["peer": "\(peer)", "error": "\(error)"])
      handleEvents(now: now)
      if error == .flooded { isClosing = true } else { return close() }
    }
    handleEvents(now: now)
    markDirty()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    endReading()
    context.fireChannelReadComplete()
  }

  private func endReading() {
    guard isReading else { return }
    isReading = false
    loop.endBatch()
  }

  /// A client that does not read its replies is not read from either.
  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() } else { isReadHeld = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      markDirty()
      if isReadHeld {
        isReadHeld = false
        context.read()
      }
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug("closing a connection", metadata: ["peer": "\(peer)", "error": "\(error)"])
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    ended()
  }

  private func ended() {
    guard context != nil else { return }
    context = nil
    deadlines.cancel()
    session.close(.cancel)
    handleEvents(now: NIODeadline.now().uptimeNanoseconds)
    loop.remove(self)
    endReading()
  }

  func close() {
    context?.close(promise: nil)
  }

  // MARK: Output

  func markDirty() {
    guard !isDirty else { return }
    isDirty = true
    loop.markDirty(self)
  }

  func flushOutput() {
    isDirty = false
    let limit = 256 << 10
    while let context, context.channel.isWritable {
      let now = NIODeadline.now().uptimeNanoseconds
      var buffer = context.channel.allocator.buffer(capacity: watch.outputEstimate)
      let count: Int
      do {
        count = try session.sendOutput(limit: limit, now: now / 1_000_000) { bytes in buffer.writeBytes(bytes) }
      } catch {
        return close()
      }
      if count > 0 {
        watch.sent(count)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
      }
      handleEvents(now: now)
      if count < limit { break }
    }
    if isClosing || session.isFinished { close() }
  }

  // MARK: Events

  private func handleEvents(now: UInt64) {
    var log = session.takeEvents()
    while !log.isEmpty {
      for event in log.events { handle(event, log, now: now) }
      session.recycle(log)
      log = session.takeEvents()
    }
    session.recycle(log)
  }

  private func handle(_ event: HTTP2Event, _ log: HTTP2EventLog, now: UInt64) {
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
    let call = ServerCall(
      stream: stream, route: route, connection: self, head: head, userAgent: remembered(head.userAgent), now: now)
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
    if userAgent.utf8.count != text.count || !userAgent.utf8.elementsEqual(text) {
      userAgent = String(decoding: text, as: UTF8.self)
    }
    return userAgent
  }

  // MARK: Time

  func tick(now: UInt64) {
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

import HTTP2
import Logging
import NIOCore
import NIOTLS

/// Carries bytes between a channel and an HTTP/2 session, and events to whoever derives from it. Event loop only.
///
/// Output is gathered: it goes out in one write when the batch that produced it ends.
class SessionConnection: ChannelDuplexHandler, LoopConnection {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  let loop: ConnectionLoop
  let session: HTTP2Session
  let peer: String
  let logger: Logger
  private let requiresALPN: Bool
  @exclusivity(unchecked) private(set) var context: ChannelHandlerContext?
  @exclusivity(unchecked) var deadlines = DeadlineTimer()
  @exclusivity(unchecked) private var isDirty = false
  @exclusivity(unchecked) private var isReading = false
  @exclusivity(unchecked) private var isStarted = false
  /// The channel was connected.
  private(set) var wasActive = false
  @exclusivity(unchecked) private var isReadHeld = false
  @exclusivity(unchecked) private var isClosing = false
  /// How large the next write will probably be.
  @exclusivity(unchecked) private var outputEstimate = 1_024

  init(loop: ConnectionLoop, session: HTTP2Session, peer: String, requiresALPN: Bool, logger: Logger) {
    self.loop = loop
    self.session = session
    self.peer = peer
    self.requiresALPN = requiresALPN
    self.logger = logger
  }

  // MARK: For derived classes

  func handle(_ event: HTTP2Event, _ log: HTTP2EventLog, now: UInt64) {}

  /// Bytes arrived.
  func received(now: UInt64) {}

  /// The channel is gone and every stream is closed. Called once.
  func ended() {}

  func tick(now: UInt64) {}

  func endExpiredCalls(now: UInt64) -> UInt64? { nil }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    loop.add(self)
    if context.channel.isActive { becameActive() }
  }

  func channelActive(context: ChannelHandlerContext) {
    becameActive()
    context.fireChannelActive()
  }

  private func becameActive() {
    wasActive = true
    if !requiresALPN { start() }
  }

  private func start() {
    guard !isStarted else { return }
    isStarted = true
    session.start()
    markDirty()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent, requiresALPN {
      if negotiated == "h2" {
        start()
      } else {
        logger.debug("closing a TLS connection that did not negotiate h2", metadata: ["peer": "\(peer)"])
        close()
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isReading {
      isReading = true
      loop.beginBatch()
    }
    let now = NIODeadline.now().uptimeNanoseconds
    received(now: now)
    do {
      try unwrapInboundIn(data).withUnsafeReadableBytes { bytes throws(HTTP2Error) in
        try session.receive(bytes, now: now / 1_000_000)
      }
    } catch {
      logger.debug("ending a connection", metadata: ["peer": "\(peer)", "error": "\(error)"])
      if error == .flooded { isClosing = true } else { close() }
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

  /// A server does not read from a client that does not read its replies. A client always reads, so that two of these
  /// cannot wait for each other.
  func read(context: ChannelHandlerContext) {
    if session.role == .client || context.channel.isWritable { context.read() } else { isReadHeld = true }
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
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
  }

  private func end() {
    guard context != nil else { return }
    context = nil
    deadlines.cancel()
    session.close(.connectError)
    handleEvents(now: NIODeadline.now().uptimeNanoseconds)
    ended()
    loop.remove(self)
    endReading()
  }

  func close() {
    context?.close(promise: nil)
  }

  /// Closes once what is queued is sent.
  func closeAfterFlush() {
    isClosing = true
    markDirty()
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
      // Made with the first bytes: often there are none.
      var buffer: ByteBuffer?
      let count: Int
      do {
        count = try session.sendOutput(limit: limit, now: now / 1_000_000) { bytes in
          if buffer == nil { buffer = context.channel.allocator.buffer(capacity: max(outputEstimate, bytes.count)) }
          buffer?.writeBytes(bytes)
        }
      } catch {
        return close()
      }
      if let buffer {
        outputEstimate = min(max(count + count / 4, 512), 64 << 10)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
      }
      handleEvents(now: now)
      if count < limit { break }
    }
    if isClosing || isStarted && session.isFinished { close() }
  }

  private func handleEvents(now: UInt64) {
    var isDone = false
    while !isDone {
      let log = session.takeEvents()
      for event in log.events { handle(event, log, now: now) }
      isDone = log.isEmpty
      // Given away, not copied: only then can its memory be used again.
      session.recycle(consume log)
    }
  }
}

import HTTP2
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// The calls of one event loop to one server: connects when a call wants it, and again after losses.
///
/// Sendable by this division: `let`s, and state that is touched on the event loop only.
final class ClientChannel: DeadlineConnection, @unchecked Sendable {
  let loop: ConnectionLoop
  let limits: ClientLimits
  let requestEncoding: MessageEncoding
  private let targets: [GRPCTarget]
  private let tls: ClientTLS?
  private let logger: Logger
  private let headersBefore: [HTTP2Headers]
  private let headersAfter: HTTP2Headers

  // Event loop.
  var deadlines = DeadlineTimer()
  private var connectivity: Connectivity
  private var connection: ClientConnection?
  private var connectTimer: Scheduled<Void>?
  private var lastFailure = ""
  private var waiting: [ClientCall] = []
  private var openCalls = 0
  private var isClosed = false

  init(
    loop: ConnectionLoop, targets: [GRPCTarget], tls: ClientTLS?, limits: ClientLimits, logger: Logger
  ) {
    self.loop = loop
    self.targets = targets
    self.tls = tls
    self.limits = limits
    self.logger = logger
    requestEncoding = limits.compressesRequests ? .gzip : .identity
    connectivity = Connectivity(targets: targets.count, limits: limits)
    headersBefore = targets.map { target in
      HTTP2Headers([
        (":method", "POST"), (":scheme", tls == nil ? "http" : "https"),
        (":authority", tls?.serverName ?? target.description),
      ])
    }
    var after = HTTP2Headers([
      ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", limits.userAgent),
      ("grpc-accept-encoding", "identity,gzip"),
    ])
    if requestEncoding == .gzip { after.append("grpc-encoding", "gzip") }
    headersAfter = after
  }

  /// Nanoseconds of uptime.
  var uptime: UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// Runs `body` on the event loop: here, or with the next hop.
  func onLoop(_ body: @escaping @Sendable () -> Void) {
    if loop.eventLoop.inEventLoop { body() } else { loop.post(.run(body)) }
  }

  // MARK: Calls

  func start(_ call: ClientCall) {
    guard call.phase == .created else { return }
    guard openCalls < limits.maxCalls else {
      openCalls += 1
      return end(call, Status(.resourceExhausted, "there are \(limits.maxCalls) calls already"), trailers: [:])
    }
    openCalls += 1
    if call.deadlineUptime != .max {
      if call.deadlineUptime <= uptime { return end(call, .deadlineExceeded, trailers: [:]) }
      deadlines.add(call.deadlineUptime, on: self)
    }
    place(call)
  }

  /// The server has not seen the call: another connection may take it.
  func startAgain(_ call: ClientCall) {
    call.deframer = MessageDeframer(maxMessage: limits.maxResponseMessage)
    call.unconsumedBytes = 0
    place(call)
  }

  private func place(_ call: ClientCall) {
    call.phase = .waiting
    switch connectivity.callArrived() {
    case .use:
      if let connection, connection.open(call, headers(for: call)) { return }
      // It takes no more calls and will say so, or has run out of stream numbers.
      if let connection { connectionLeaving(connection) }
      if case .connect(let target) = connectivity.callArrived() { connect(to: target) }
      waiting.append(call)
    case .connect(let target):
      waiting.append(call)
      connect(to: target)
    case .wait: waiting.append(call)
    case .failUnlessWaiting:
      if call.waitsForReady { waiting.append(call) } else { end(call, notConnected, trailers: [:]) }
    case .closed: end(call, Status(.unavailable, "the client is closed"), trailers: [:])
    }
  }

  private var notConnected: Status {
    Status(.unavailable, "cannot connect to \(targets.map(\.description).joined(separator: ", ")): \(lastFailure)")
  }

  /// Ends a call in whatever phase it is.
  func end(_ call: ClientCall, _ status: Status, trailers: Metadata) {
    guard call.phase != .ended else { return }
    let phase = call.phase
    call.phase = .ended
    if phase != .created { openCalls -= 1 }
    if phase == .waiting { waiting.removeAll { $0 === call } }
    if let stream = call.stream, let connection = call.connection {
      stream.user = nil
      if !stream.isRemoteEnded || !stream.isFinishing || stream.bufferedBytes > 0 {
        connection.session.reset(stream, .cancel)
        connection.markDirty()
      }
    }
    call.stream = nil
    call.connection = nil
    call.ended(status, trailers: trailers)
  }

  private func headers(for call: ClientCall) -> HTTP2Headers {
    var target = 0
    if case .ready(let index) = connectivity.state { target = index }
    var headers = headersBefore[target]
    headers.append(":path", call.path)
    headers.append(headersAfter)
    if call.deadlineUptime != .max {
      let now = uptime
      let left = call.deadlineUptime > now ? call.deadlineUptime - now : 1
      headers.append("grpc-timeout", GRPCTimeout.text(nanoseconds: left))
    }
    if !call.metadata.isEmpty { headers.append(call.metadata) }
    return headers
  }

  func endExpiredCalls(now: UInt64) -> UInt64? {
    loop.beginBatch()
    defer { loop.endBatch() }
    var next = UInt64.max
    for call in waiting {
      if call.deadlineUptime <= now {
        end(call, .deadlineExceeded, trailers: [:])
      } else {
        next = min(next, call.deadlineUptime)
      }
    }
    for case let connection as ClientConnection in loop.allConnections where connection.channel === self {
      next = min(next, connection.endExpiredCalls(now: now) ?? .max)
    }
    return next == .max ? nil : next
  }

  // MARK: Connections

  private func connect(to index: Int) {
    let target = targets[index]
    let timeout = TimeAmount.nanoseconds(Int64(clamping: limits.connectTimeout.nanoseconds))
    connectTimer = loop.eventLoop.scheduleTask(in: timeout) { self.connectFailed("it did not answer in time") }
    ClientBootstrap(group: loop.eventLoop)
      .connectTimeout(timeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 16_384, maximum: 65_536)
      )
      .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 512 << 10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.prepare(channel, target) }
      }
      .connect(host: target.host, port: target.port)
      .whenFailure { error in self.connectFailed("\(error)") }
  }

  /// The channel may be one of several that race for the same target.
  private func prepare(_ channel: any Channel, _ target: GRPCTarget) throws {
    if let tls {
      let name = tls.serverName ?? target.host
      let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
      try channel.pipeline.syncOperations.addHandler(
        NIOSSLClientHandler(context: tls.context, serverHostname: isAddress ? nil : name))
    }
    try channel.pipeline.syncOperations.addHandler(
      ClientConnection(
        loop: loop, limits: limits, peer: target.description, isSecure: tls != nil, channel: self, logger: logger))
  }

  func connectionReady(_ connection: ClientConnection) {
    guard case .connecting = connectivity.state else { return connection.leave() }
    connectTimer?.cancel()
    connectTimer = nil
    connectivity.connected()
    self.connection = connection
    let calls = waiting
    waiting = []
    for call in calls where call.phase == .waiting { place(call) }
  }

  func connectionEnded(_ connection: ClientConnection, wasReady: Bool) {
    if self.connection === connection {
      self.connection = nil
      connectivity.lostConnection(isLeaving: false)
    } else if !wasReady, connection.wasActive {
      connectFailed("\(connection.peer) closed the connection")
    }
    if !waiting.isEmpty, case .connect(let target) = connectivity.callArrived() { connect(to: target) }
  }

  func connectionLeaving(_ connection: ClientConnection) {
    guard self.connection === connection else { return }
    self.connection = nil
    connectivity.lostConnection(isLeaving: true)
    connection.leave()
  }

  private func connectFailed(_ reason: String) {
    guard case .connecting = connectivity.state else { return }
    connectTimer?.cancel()
    connectTimer = nil
    lastFailure = reason
    logger.debug("cannot connect", metadata: ["reason": "\(reason)"])
    switch connectivity.connectFailed(jitter: Double.random(in: 0...1)) {
    case .connect(let target): connect(to: target)
    case .pause(let nanoseconds):
      let failing = waiting.filter { !$0.waitsForReady }
      waiting.removeAll { !$0.waitsForReady }
      for call in failing { end(call, notConnected, trailers: [:]) }
      connectTimer = loop.eventLoop.scheduleTask(in: .nanoseconds(Int64(nanoseconds))) { self.pauseEnded() }
    case .nothing: break
    }
  }

  private func pauseEnded() {
    connectTimer = nil
    if let target = connectivity.pauseEnded(callsWait: !waiting.isEmpty) { connect(to: target) }
  }

  /// Ends every call with CANCELLED and closes the connection.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    connectivity.closed()
    connectTimer?.cancel()
    connectTimer = nil
    deadlines.cancel()
    connection = nil
    loop.beginBatch()
    defer { loop.endBatch() }
    let calls = waiting
    waiting = []
    for call in calls { end(call, .clientClosed, trailers: [:]) }
    for case let connection as ClientConnection in loop.allConnections where connection.channel === self {
      connection.session.forEachStream { stream in
        if let call = stream.clientCall { end(call, .clientClosed, trailers: [:]) }
      }
      connection.session.goAway()
      connection.closeAfterFlush()
    }
  }
}

extension Status {
  static let clientClosed = Status(.cancelled, "the client was closed")
}

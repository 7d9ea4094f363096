package import Logging
package import Messages
package import NIOCore
import Synchronization

/// A gRPC client of one server, or of several that are alike and tried in turn.
///
/// Connects when the first call wants it; after a loss or a GOAWAY the next call gets a new connection. A call that
/// cannot get one fails with UNAVAILABLE, unless it waits for readiness. The group belongs to the caller. `close` must
/// be called before the group is shut down.
package final class GRPCClient: Sendable {
  private let channels: [ClientChannel]
  private let nextChannel = Atomic<Int>(0)

  /// `targets` must not be empty.
  package init(
    targets: [GRPCTarget], tls: ClientTLS? = nil, limits: ClientLimits = ClientLimits(), group: any EventLoopGroup,
    logger: Logger = Logger(label: "kagzi.grpc.client")
  ) {
    precondition(!targets.isEmpty, "a client needs a target")
    channels = (0..<max(1, limits.connections)).map { _ in
      let loop = ConnectionLoop(eventLoop: group.next(), tickInterval: limits.tickInterval)
      return ClientChannel(loop: loop, targets: targets, tls: tls, limits: limits, logger: logger)
    }
  }

  private var channel: ClientChannel {
    if channels.count == 1 { return channels[0] }
    let turn = nextChannel.wrappingAdd(1, ordering: .relaxed).newValue
    return channels[Int(bitPattern: UInt(bitPattern: turn) % UInt(channels.count))]
  }

  /// Calls a unary RPC without a task: `completion` is called once, on an event loop, and must not block.
  ///
  /// Returns a handle that can give the call up. `deadline` counts from now and includes waiting for a connection.
  @discardableResult
  package func unary<M: RPCMethod>(
    _ method: M.Type, _ request: M.Request, deadline: Duration? = nil, metadata: Metadata = [:],
    waitForReady: Bool = false, completion: @escaping @Sendable (Result<M.Response, Status>) -> Void
  ) -> CallHandle {
    let channel = channel
    let (frame, failure) = frame(request, on: channel)
    let call = UnaryCall<M.Response>(
      channel: channel, path: M.path, metadata: metadata, deadline: deadline, waitsForReady: waitForReady, frame: frame,
      completion: completion)
    if let failure { channel.onLoop { channel.end(call, failure, trailers: [:]) } } else { call.start() }
    return CallHandle(call: call)
  }

  /// Calls a unary RPC. Cancelling the task cancels the call.
  package func unary<M: RPCMethod>(
    _ method: M.Type, _ request: M.Request, deadline: Duration? = nil, metadata: Metadata = [:],
    waitForReady: Bool = false
  ) async throws(Status) -> M.Response {
    let cancellation = Cancellation()
    let result: Result<M.Response, Status> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let call = unary(
          method, request, deadline: deadline, metadata: metadata, waitForReady: waitForReady
        ) { continuation.resume(returning: $0) }
        cancellation.began(call)
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }

  /// Calls a server-streaming RPC; the call begins now.
  package func serverStreaming<M: RPCMethod>(
    _ method: M.Type, _ request: M.Request, deadline: Duration? = nil, metadata: Metadata = [:],
    waitForReady: Bool = false
  ) -> ResponseSequence<M.Response> {
    let channel = channel
    let (frame, failure) = frame(request, on: channel)
    let call = StreamCall<M.Response>(
      channel: channel, path: M.path, metadata: metadata, deadline: deadline, waitsForReady: waitForReady, frame: frame)
    if let failure { channel.onLoop { channel.end(call, failure, trailers: [:]) } } else { call.start() }
    return ResponseSequence(call: call)
  }

  /// Calls a client-streaming or bidirectional RPC; the call begins now.
  package func streaming<M: RPCMethod>(
    _ method: M.Type, deadline: Duration? = nil, metadata: Metadata = [:], waitForReady: Bool = false
  ) -> ClientStream<M> {
    let call = StreamCall<M.Response>(
      channel: channel, path: M.path, metadata: metadata, deadline: deadline, waitsForReady: waitForReady, frame: nil)
    call.start()
    return ClientStream(call: call)
  }

  /// The same without a reader: `onResponse` is called for one response after the other, then `onEnd` once, on an event loop.
  /// Neither may block. The call is cancelled when the last reference to the stream goes.
  package func streaming<M: RPCMethod>(
    _ method: M.Type, deadline: Duration? = nil, metadata: Metadata = [:], waitForReady: Bool = false,
    onResponse: @escaping @Sendable (M.Response) -> Void, onEnd: @escaping @Sendable (Status) -> Void
  ) -> ClientStream<M> {
    let call = StreamCall<M.Response>(
      channel: channel, path: M.path, metadata: metadata, deadline: deadline, waitsForReady: waitForReady, frame: nil,
      delivery: (onResponse, onEnd))
    call.start()
    return ClientStream(call: call)
  }

  private func frame<Request: WireMessage>(_ request: Request, on channel: ClientChannel) -> ([UInt8], Status?) {
    var frame: [UInt8] = []
    let size = request.withWireBytes { bytes in
      if bytes.count <= channel.limits.maxRequestMessage { channel.requestEncoding.appendFrame(of: bytes, to: &frame) }
      return bytes.count
    }
    let isTooLarge = size > channel.limits.maxRequestMessage
    return (frame, isTooLarge ? .tooLargeRequest(size, channel.limits) : nil)
  }

  /// Ends every call with CANCELLED and closes the connections. Later calls fail with UNAVAILABLE.
  package func close() async {
    for channel in channels {
      try? await channel.loop.eventLoop.submit { channel.close() }.get()
      await channel.connectionsClosed()
    }
  }
}

/// A call under way, to give it up.
package struct CallHandle: Sendable {
  let call: ClientCall

  /// The call ends with CANCELLED, unless it is over.
  package func cancel() { call.cancel() }
}

/// Joins a task's cancellation with a call that begins meanwhile.
private final class Cancellation: Sendable {
  private struct State {
    var call: CallHandle?
    var isCancelled = false
  }

  private let state = Mutex(State())

  func began(_ call: CallHandle) {
    let isCancelled = state.withLock { state in
      state.call = call
      return state.isCancelled
    }
    if isCancelled { call.cancel() }
  }

  func cancel() {
    let call = state.withLock { state in
      state.isCancelled = true
      return state.call
    }
    call?.cancel()
  }
}

extension ClientLimits {
  /// How often connections are looked at.
  var tickInterval: TimeAmount {
    let shortest = min(keepaliveInterval?.nanoseconds ?? .max, keepaliveTimeout.nanoseconds)
    return .nanoseconds(Int64(min(max(shortest / 4, 50_000_000), 1_000_000_000)))
  }
}

extension ClientChannel {
  /// Returns when the connections of the channel are gone.
  func connectionsClosed() async {
    let closed = try? await loop.eventLoop.submit {
      self.loop.allConnections.compactMap { ($0 as? SessionConnection)?.context?.channel.closeFuture }
    }.get()
    for future in closed ?? [] { try? await future.get() }
  }
}

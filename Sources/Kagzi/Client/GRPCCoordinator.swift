internal import GRPC
internal import Logging
internal import Messages
internal import NIOPosix

/// The coordinator over gRPC. One connection carries everything; after a loss the next address is tried.
final class GRPCCoordinator: Coordinator {
  private let client: GRPCClient

  init(targets: [Address], options: ConnectOptions) throws {
    let tls: ClientTLS?
    do {
      tls = try options.tls.map { options in
        try ClientTLS(
          authorities: options.trustRootsPath, certificateChain: options.certificatePath,
          privateKey: options.privateKeyPath, serverName: options.serverName)
      }
    } catch {
      throw KagziError(.invalid, "TLS cannot be set up: \(error)")
    }
    client = GRPCClient(
      targets: targets.map { GRPCTarget(host: $0.host, port: $0.port) }, tls: tls,
      group: MultiThreadedEventLoopGroup.singleton, logger: options.logger)
  }

  /// Returns when a coordinator answers, whatever it says.
  func probe(timeout: Duration) async throws(Status) {
    do {
      _ = try await client.unary(
        AdminService.GetServerInfo.self, GetServerInfoRequest(), deadline: timeout, waitForReady: true)
    } catch  where error.code == .unimplemented {
      return
    } catch  where error.code == .deadlineExceeded {
      throw Status(.unavailable, "No coordinator answered within \(timeout). Is it running? \(error.message)")
    }
  }

  func close() async {
    await client.close()
  }

  func register(_ request: RegisterWorkerRequest) async throws(Status) -> RegisterWorkerResponse {
    try await client.unary(WorkerService.RegisterWorker.self, request, deadline: .seconds(10), waitForReady: true)
  }

  func fetchSteps(_ request: FetchStepsRequest) async throws(Status) -> FetchStepsResponse {
    try await client.unary(WorkerService.FetchSteps.self, request, deadline: .seconds(10), waitForReady: true)
  }

  /// Calls a method until it is answered or the time is over. What is not idempotent is called again only if the
  /// coordinator said that it did nothing.
  func call<Method: RPCMethod>(
    _ method: Method.Type, _ request: Method.Request, timeout: Duration, isIdempotent: Bool = true
  ) async throws(Status) -> Method.Response {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: timeout)
    var backoff = Backoff()
    while true {
      do {
        let left = clock.now.duration(to: end)
        return try await client.unary(method, request, deadline: max(left, .milliseconds(1)), waitForReady: true)
      } catch {
        let full: QueueFull? = error.detail()
        guard full != nil || (isIdempotent && error.code == .unavailable) else { throw error }
        let pause = max(backoff.next(), full?.retryAfter.map { Duration($0) } ?? .zero)
        guard clock.now.advanced(by: pause) < end, !Task.isCancelled else { throw error }
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Calls a method whose answer is a stream; whoever stops reading it ends it.
  func stream<Method: RPCMethod>(_ method: Method.Type, _ request: Method.Request) -> ResponseSequence<Method.Response>
  {
    client.serverStreaming(method, request)
  }

  func openWork(
    received: @escaping @Sendable (WorkResponse) -> Void, closed: @escaping @Sendable (Status) -> Void
  ) async throws(Status) -> any WorkStream {
    // On the event loop itself: no change of threads a message, and users' code that blocks cannot keep it from reading.
    GRPCWorkStream(
      stream: client.streaming(WorkerService.Work.self, waitForReady: true, onResponse: received, onEnd: closed))
  }
}

/// The Work stream over gRPC.
private struct GRPCWorkStream: WorkStream {
  let stream: ClientStream<WorkerService.Work>

  func send(_ request: WorkRequest) { stream.send(request) }

  func merge(_ request: WorkRequest, atMost maxParts: Int) { stream.merge(request, maxParts: maxParts) }

  func finish() { stream.finishSending() }

  func cancel() { stream.cancel() }
}

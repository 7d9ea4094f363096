internal import GRPC
internal import Messages

/// What a worker needs of the coordinator. The real one speaks gRPC; tests bring their own.
protocol Coordinator: Sendable {
  func register(_ request: RegisterWorkerRequest) async throws(Status) -> RegisterWorkerResponse

  func fetchSteps(_ request: FetchStepsRequest) async throws(Status) -> FetchStepsResponse

  /// Opens the Work stream. `received` is called for one message after the other, on the thread that reads from the network, and
  /// must not block; `closed` is called once, after the last message, with how the call ended.
  func openWork(
    received: @escaping @Sendable (WorkResponse) -> Void, closed: @escaping @Sendable (Status) -> Void
  ) async throws(Status) -> any WorkStream
}

/// The worker's end of the Work stream. All of it may be called from any thread.
protocol WorkStream: Sendable {
  /// Queues a message; the order is kept. What is sent after the stream ended is dropped.
  func send(_ request: WorkRequest)

  /// Queues a message of repeated fields alone. Those that have not left yet may become one, made of at most so many.
  func merge(_ request: WorkRequest, atMost maxParts: Int)

  /// Says that nothing more will be sent.
  func finish()

  /// Ends the call now.
  func cancel()
}

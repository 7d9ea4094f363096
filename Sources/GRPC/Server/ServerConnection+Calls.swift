import HTTP2

/// Requests into calls, answers out of them. Event loop only.
extension ServerConnection {
  /// The head of a call is there.
  func begin(_ call: ServerCall, isLast: Bool) {
    if case .streaming(let start) = call.route.start {
      call.receiver = start(call)
      if call.state.isEnded { call.endReceiver() }
    }
    if isLast { requestsEnded(call) }
  }

  /// Body bytes of a call arrived, perhaps its last.
  func received(_ call: ServerCall, _ bytes: UnsafeRawBufferPointer, isLast: Bool) {
    guard let stream = call.stream, !call.state.isEnded else {
      if let stream = call.stream { session.consume(stream, bytes.count) }
      return
    }
    if isLast, case .whole(let start) = call.route.start, call.deframer.bufferedBytes == 0, call.heldRequest == nil,
      let message = MessageDeframer.whole(bytes, maxMessage: limits.maxRequestMessage)
    {
      return receivedWhole(call, message, start)
    }
    let isHeld = call.isReadingPaused
    if isHeld { call.unconsumedBytes += bytes.count } else { session.consume(stream, bytes.count) }
    feed(call, bytes)
    if isLast { requestsEnded(call) }
  }

  /// The common case: the whole request in one piece, decoded where it lies.
  private func receivedWhole(
    _ call: ServerCall, _ message: MessageDeframer.Message,
    _ start: @Sendable (UnsafeRawBufferPointer, ServerCall) throws(Status) -> Void
  ) {
    do throws(Status) {
      try call.state.requestArrived()
      try call.state.requestsEnded()
      try call.requestEncoding.withPlainBytes(of: message, maxMessage: limits.maxRequestMessage) {
        (plain) throws(Status) in try start(plain, call)
      }
    } catch {
      finish(call, error, trailers: [:])
    }
  }

  /// Gives bytes to the call's deframer, and its messages to the call.
  private func feed(_ call: ServerCall, _ bytes: UnsafeRawBufferPointer) {
    let before = call.deframer.bufferedBytes
    var deframer = MessageDeframer(maxMessage: limits.maxRequestMessage)
    swap(&deframer, &call.deframer)
    call.isDelivering = true
    do throws(Status) {
      try deframer.receive(bytes) { (message) throws(Status) in
        guard !call.state.isEnded else { return false }
        try deliver(message, to: call)
        return !call.isReadingPaused
      }
    } catch {
      call.isDelivering = false
      heldBytes -= before
      return finish(call, error, trailers: [:])
    }
    call.isDelivering = false
    guard !call.state.isEnded else {
      heldBytes -= before
      return
    }
    swap(&deframer, &call.deframer)
    heldBytes += call.deframer.bufferedBytes - before
    if heldBytes > limits.maxBufferedRequests {
      finish(call, Status(.resourceExhausted, "the connection holds too many unfinished requests"), trailers: [:])
    }
  }

  private func deliver(_ message: MessageDeframer.Message, to call: ServerCall) throws(Status) {
    try call.state.requestArrived()
    switch call.route.start {
    case .whole:
      try call.requestEncoding.withPlainBytes(of: message, maxMessage: limits.maxRequestMessage) {
        (plain) throws(Status) in
        call.heldRequest = Array(plain)
        heldBytes += plain.count
      }
    case .streaming:
      guard let receiver = call.receiver else { return }
      try call.requestEncoding.withPlainBytes(of: message, maxMessage: limits.maxRequestMessage) {
        (plain) throws(Status) in try receiver.receive(plain)
      }
    }
  }

  /// Reading goes on: what was held back is delivered and its window given back.
  func deliverHeld(_ call: ServerCall) {
    guard let stream = call.stream, !call.state.isEnded else { return }
    loop.beginBatch()
    defer { loop.endBatch() }
    feed(call, UnsafeRawBufferPointer(start: nil, count: 0))
    guard !call.isReadingPaused, !call.state.isEnded else { return }
    session.consume(stream, call.unconsumedBytes)
    call.unconsumedBytes = 0
    if stream.isRemoteEnded { requestsEnded(call) }
    markDirty()
  }

  /// The client has sent its last request.
  func requestsEnded(_ call: ServerCall) {
    guard !call.state.isEnded, !call.isReadingPaused, !call.state.isRequestEnded else { return }
    do throws(Status) {
      try call.state.requestsEnded()
      guard call.deframer.bufferedBytes == 0 else {
        throw Status(.internal, "the request ends in the middle of a message")
      }
      if case .whole(let start) = call.route.start, let request = call.heldRequest {
        call.heldRequest = nil
        heldBytes -= request.count
        try request.withUnsafeBufferPointer { (bytes) throws(Status) in
          try start(UnsafeRawBufferPointer(bytes), call)
        }
      } else {
        call.receiver?.end()
        call.receiver = nil
      }
    } catch {
      finish(call, error, trailers: [:])
    }
  }

  // MARK: Answers

  /// Answers a unary call: headers, one message of `size` bytes that `frame` appends with its prefix, trailers.
  func reply(
    _ call: ServerCall, headers: Metadata, trailers: Metadata, size: Int, _ frame: (inout [UInt8]) -> Void
  ) {
    guard let stream = call.stream, !call.state.isEnded else { return }
    guard size <= limits.maxResponseMessage else {
      return finish(call, Status(.resourceExhausted, ResponseBuffer.tooLarge(size, limits)), trailers: [:])
    }
    guard session.bufferedOutput + size <= limits.maxBufferedResponses else {
      return finish(call, tooSlow, trailers: [:])
    }
    let head = ResponseHeaders.begin(call.encoding, headers)
    guard headers.isEmpty || head.listSize <= trailerLimit else {
      return finish(call, Status(.resourceExhausted, Self.tooLargeHeaders(head, trailerLimit)), trailers: [:])
    }
    _ = call.state.responseReady()
    _ = call.state.statusReady()
    session.respond(stream, head, endStream: false)
    session.write(stream, frame)
    session.finish(stream, trailers: ResponseHeaders.end(.ok, trailers, limit: trailerLimit))
    call.route.answers.add(.ok)
    answered(call)
  }

  /// Ends a call with a status.
  func finish(_ call: ServerCall, _ status: Status, trailers: Metadata) {
    guard let stream = call.stream else { return }
    switch call.state.statusReady() {
    case .ignore: return
    case .sendTrailersOnly:
      session.respond(
        stream, ResponseHeaders.trailersOnly(status, trailers, limit: trailerLimit), endStream: true)
    case .sendTrailers:
      session.finish(stream, trailers: ResponseHeaders.end(status, trailers, limit: trailerLimit))
    }
    call.route.answers.add(status.code)
    answered(call)
  }

  private func answered(_ call: ServerCall) {
    release(call)
    call.forgetCancelAction()
    call.endReceiver()
    markDirty()
  }

  private var tooSlow: Status {
    Status(.resourceExhausted, "the client reads too slowly: \(session.bufferedOutput) bytes are unsent")
  }

  private static func tooLargeHeaders(_ headers: HTTP2Headers, _ limit: Int) -> String {
    "the response headers are \(headers.listSize) bytes; the client takes \(limit)"
  }

  /// Takes over what a response stream has gathered.
  func takeOver(_ buffer: ResponseBuffer) {
    let call = buffer.call
    let handover = buffer.handOver()
    guard let stream = call.stream, !call.state.isEnded else { return }
    if let metadata = handover.headers {
      let head = ResponseHeaders.begin(call.encoding, metadata)
      guard head.listSize <= trailerLimit else {
        return finish(call, Status(.resourceExhausted, Self.tooLargeHeaders(head, trailerLimit)), trailers: [:])
      }
      if call.state.headersReady() { session.respond(stream, head, endStream: false) }
    }
    if !handover.bytes.isEmpty {
      if call.state.responseReady() == .sendHeadersAndMessage {
        session.respond(stream, ResponseHeaders.begin(call.encoding, [:]), endStream: false)
      }
      guard session.bufferedOutput + handover.bytes.count <= limits.maxBufferedResponses else {
        return finish(call, tooSlow, trailers: [:])
      }
      session.write(stream) { output in output.append(contentsOf: handover.bytes) }
      if stream.bufferedBytes > limits.responseStreamLowMark { stream.drainMark = limits.responseStreamLowMark }
    }
    if let end = handover.end {
      finish(call, end.status, trailers: end.trailers)
    } else {
      buffer.sendingChanged(stream.bufferedBytes)
      markDirty()
    }
  }

  /// The stream of a call is over.
  func closed(_ call: ServerCall) {
    if call.state.streamClosed() {
      call.route.answers.add(.cancelled)
      release(call)
      call.takeCancelAction()?()
      call.endReceiver()
    }
    call.responses?.close()
    call.responses = nil
    call.stream = nil
  }

  func release(_ call: ServerCall) {
    if call.deframer.bufferedBytes > 0 || call.heldRequest != nil {
      heldBytes -= call.deframer.bufferedBytes + (call.heldRequest?.count ?? 0)
      call.deframer = MessageDeframer(maxMessage: 0)
      call.heldRequest = nil
    }
    if let stream = call.stream, call.unconsumedBytes > 0 {
      session.consume(stream, call.unconsumedBytes)
      call.unconsumedBytes = 0
    }
  }
}

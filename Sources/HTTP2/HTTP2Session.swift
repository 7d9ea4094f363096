internal import CNghttp2

/// The owner of one HTTP/2 connection's state, without I/O: bytes in, events out; submissions in, bytes out.
///
/// Order of calls: `start()`, then in any order `receive`, `takeEvents`/`recycle`, the submissions and `sendOutput`;
/// `close()` last. Not thread-safe: used by one thread at a time, the connection's event loop. (That is also why its
/// properties, and those of its users that are touched for every frame, are `@exclusivity(unchecked)`: no closure that
/// is called during an access reaches the same property, and the checks cost a tenth of a small call.)
///
/// Faults: a submission to a closed stream is ignored (the peer may close at any time); a peer's protocol error makes
/// the library queue a GOAWAY, after which `isFinished` turns true; a flood or a fatal error is thrown.
///
/// The library's callbacks append to the log and nothing else; they look up and set a stream's user data, which the
/// library allows, and never submit. What they find must be done is done after `mem_recv` or between `mem_send`s.
package final class HTTP2Session {
  package enum Role: Sendable {
    case server
    case client
  }

  package let role: Role
  package let limits: HTTP2Limits

  let memory = LibraryMemory()
  @exclusivity(unchecked) var library: OpaquePointer?
  @exclusivity(unchecked) var log = HTTP2EventLog()
  @exclusivity(unchecked) var now: UInt64 = 0
  @exclusivity(unchecked) var strikes: StrikeCounter
  @exclusivity(unchecked) var meter: FrameMeter
  @exclusivity(unchecked) var block = HeaderBlock()
  @exclusivity(unchecked) var streams: [HTTP2Stream?] = []
  @exclusivity(unchecked) var freeSlots: [Int] = []
  @exclusivity(unchecked) var trailersToSubmit: [HTTP2Stream] = []
  @exclusivity(unchecked) var resetsToSubmit: [HTTP2Stream] = []
  @exclusivity(unchecked) private var spareLog = HTTP2EventLog()
  @exclusivity(unchecked) private var spareBuffers: [[UInt8]] = []
  @exclusivity(unchecked) private var isTerminated = false

  /// Body bytes of all streams that were written and not sent yet.
  @exclusivity(unchecked) package internal(set) var bufferedOutput = 0

  /// Streams that are open.
  @exclusivity(unchecked) package internal(set) var openStreams = 0

  /// A header block has begun and is not complete.
  package var isReceivingHeaders: Bool { block.isOpen }

  package init(role: Role, limits: HTTP2Limits = HTTP2Limits()) {
    self.role = role
    self.limits = limits
    strikes = StrikeCounter(budget: limits.strikeBudget, decayPerSecond: limits.strikeDecayPerSecond)
    meter = FrameMeter(prefaceLength: role == .server ? 24 : 0)
    makeLibrarySession()
  }

  deinit {
    if let library { nghttp2_session_del(library) }
  }

  /// Queues the settings that open the connection.
  package func start() {
    guard let library else { return }
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
        value: role == .server ? limits.maxConcurrentStreams : 0),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: limits.initialStreamWindow),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(limits.maxHeaderListSize)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_FRAME_SIZE.rawValue), value: limits.maxFrameSize),
    ]
    if role == .client {
      settings.append(
        nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    // 0, or INVALID_ARGUMENT / NOMEM: both bugs or exhaustion that the next send reports.
    _ = nghttp2_submit_settings(library, 0, settings, settings.count)
    _ = nghttp2_session_set_local_window_size(library, 0, 0, Int32(clamping: limits.connectionWindow))
  }

  /// Takes in bytes of the peer; what they mean is appended to the events. `now` is monotonic, in milliseconds.
  ///
  /// After a throw of `flooded` a GOAWAY is queued: send the output once more, then close.
  package func receive(_ bytes: UnsafeRawBufferPointer, now: UInt64) throws(HTTP2Error) {
    guard let library, !isTerminated else { return }
    self.now = now
    meter.observe(bytes) { weight in strikes.strike(weight, now: now) }
    try endFlood()
    let result = nghttp2_session_mem_recv(library, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    if result < 0 {
      let error = HTTP2Error(library: result)
      if error == .flooded { queueFarewell() }
      throw error
    }
    try endFlood()
  }

  private func endFlood() throws(HTTP2Error) {
    guard strikes.isExceeded else { return }
    queueFarewell()
    throw .flooded
  }

  private func queueFarewell() {
    guard let library else { return }
    isTerminated = true
    let reason: StaticString = "too_many_pings_or_resets"
    _ = nghttp2_submit_goaway(
      library, 0, nghttp2_session_get_last_proc_stream_id(library), HTTP2ErrorCode.enhanceYourCalm.rawValue,
      reason.utf8Start, reason.utf8CodeUnitCount)
  }

  /// The events gathered so far; hand the log back with `recycle` when they are handled, and take again until empty.
  package func takeEvents() -> HTTP2EventLog {
    let taken = log
    log = spareLog
    spareLog = HTTP2EventLog()
    if block.isOpen {
      log.continueBlock(of: taken, from: block.firstField)
      block.firstField = 0
    }
    return taken
  }

  /// Gives an emptied log's memory back.
  package func recycle(_ log: consuming HTTP2EventLog) {
    log.removeAll()
    spareLog = log
  }

  /// Everything is over: nothing more is wanted from the peer and nothing is left to send.
  package var isFinished: Bool {
    guard let library else { return true }
    return nghttp2_session_want_read(library) == 0 && !wantsOutput
  }

  /// Something waits to be sent. May be true when flow control holds it back.
  package var wantsOutput: Bool {
    guard let library else { return false }
    return nghttp2_session_want_write(library) != 0 || !trailersToSubmit.isEmpty || !resetsToSubmit.isEmpty
  }

  /// Ends every open stream (each gives a `closed` event) and frees the library's session. Nothing works afterwards.
  package func close(_ code: HTTP2ErrorCode = .connectError) {
    guard let library else { return }
    self.library = nil
    nghttp2_session_del(library)
    for stream in streams.compactMap({ $0 }) { closed(stream, code) }
    trailersToSubmit.removeAll()
    resetsToSubmit.removeAll()
  }

  // MARK: Streams

  func opened(_ stream: HTTP2Stream) {
    stream.lastSent = now
    if let slot = freeSlots.popLast() {
      stream.slot = slot
      streams[slot] = stream
    } else {
      stream.slot = streams.count
      streams.append(stream)
    }
    openStreams += 1
  }

  func closed(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    guard !stream.isClosed else { return }
    stream.isClosed = true
    streams[stream.slot] = nil
    freeSlots.append(stream.slot)
    openStreams -= 1
    stream.trailers = nil
    bufferedOutput -= stream.bufferedBytes
    keepBuffer(of: stream)
    log.events.append(.closed(stream, code))
  }

  /// Calls `body` with every open stream; it may submit, not close the session.
  package func forEachStream(_ body: (HTTP2Stream) -> Void) {
    let all = streams
    for stream in all { if let stream, !stream.isClosed { body(stream) } }
  }

  func makeBuffer() -> [UInt8] { spareBuffers.popLast() ?? [] }

  private func keepBuffer(of stream: HTTP2Stream) {
    guard spareBuffers.count < 64, (1...16 << 10).contains(stream.output.capacity) else {
      stream.output = []
      stream.outputStart = 0
      return
    }
    var buffer: [UInt8] = []
    swap(&buffer, &stream.output)
    stream.outputStart = 0
    buffer.removeAll(keepingCapacity: true)
    spareBuffers.append(buffer)
  }
}

/// The header block that is being received.
struct HeaderBlock {
  var isOpen = false
  /// Open, and so kept by the session; forgotten when it closes.
  var stream: Unmanaged<HTTP2Stream>?
  var kind: HTTP2HeaderKind = .request
  var firstField = 0
  var listSize = 0
  var isTooLarge = false
}

internal import CNghttp2

/// What may be sent. Each of these only queues; `sendOutput` makes the bytes. A closed stream is ignored.
extension HTTP2Session {
  /// Opens a stream with a request (client). The body follows by `write` and `finish`.
  ///
  /// Returns nil when the session is closed or the stream numbers are used up.
  package func openStream(_ headers: HTTP2Headers, user: AnyObject?) -> HTTP2Stream? {
    guard let library else { return nil }
    let stream = HTTP2Stream(id: 0, output: makeBuffer())
    stream.user = user
    stream.hasBody = true
    var provider = bodyProvider(of: stream)
    let id = headers.withNameValues { list, count in
      nghttp2_submit_request(library, nil, list, count, &provider, Unmanaged.passUnretained(stream).toOpaque())
    }
    guard id > 0 else { return nil }  // STREAM_ID_NOT_AVAILABLE, NOMEM, PROTO (a bug)
    stream.id = id
    opened(stream)
    return stream
  }

  /// Queues the response headers; the body follows by `write` and `finish`, unless they end the stream.
  package func respond(_ stream: HTTP2Stream, _ headers: HTTP2Headers, endStream: Bool) {
    guard let library, !stream.isClosed, !stream.hasBody, !stream.isOutputEnded else { return }
    headers.withNameValues { list, count in
      if endStream {
        stream.isOutputEnded = true
        _ = nghttp2_submit_response(library, stream.id, list, count, nil)
      } else {
        stream.hasBody = true
        var provider = bodyProvider(of: stream)
        // INVALID_ARGUMENT, DATA_EXIST: the stream is gone; its `closed` event is on the way.
        _ = nghttp2_submit_response(library, stream.id, list, count, &provider)
      }
    }
  }

  /// Appends body bytes: `append` gets the stream's buffer to add to.
  package func write(_ stream: HTTP2Stream, _ append: (inout [UInt8]) -> Void) {
    guard !stream.isClosed, !stream.isOutputEnded else { return }
    let before = stream.output.count
    append(&stream.output)
    bufferedOutput += stream.output.count - before
    resume(stream)
  }

  /// Nothing more will be written; `trailers` end the stream, or the last DATA frame does if there are none.
  package func finish(_ stream: HTTP2Stream, trailers: HTTP2Headers?) {
    guard !stream.isClosed, !stream.isOutputEnded else { return }
    stream.isOutputEnded = true
    stream.trailers = trailers
    resume(stream)
  }

  /// Ends a stream at once; its `closed` event follows when the frame is sent.
  package func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    guard let library, !stream.isClosed else { return }
    stream.isOutputEnded = true
    _ = nghttp2_submit_rst_stream(library, 0, stream.id, code.rawValue)
  }

  /// Gives back `count` received bytes of a stream to the peer's stream window.
  package func consume(_ stream: HTTP2Stream, _ count: Int) {
    guard let library, !stream.isClosed, count > 0 else { return }
    _ = nghttp2_session_consume_stream(library, stream.id, count)
  }

  /// Gives back `count` received bytes to the peer's connection window.
  package func consumeConnection(_ count: Int) {
    guard let library, count > 0 else { return }
    _ = nghttp2_session_consume_connection(library, count)
  }

  package func ping(_ opaque: UInt64) {
    guard let library else { return }
    withUnsafeBytes(of: opaque.bigEndian) { bytes in
      _ = nghttp2_submit_ping(library, 0, bytes.bindMemory(to: UInt8.self).baseAddress)
    }
  }

  /// Announces that the connection will end; streams that the peer has just started are still taken (RFC 9113, 6.8).
  package func announceShutdown() {
    guard let library else { return }
    _ = nghttp2_submit_shutdown_notice(library)
  }

  /// Takes no more streams; the open ones go on.
  package func goAway(_ code: HTTP2ErrorCode = .noError) {
    guard let library else { return }
    _ = nghttp2_submit_goaway(
      library, 0, nghttp2_session_get_last_proc_stream_id(library), code.rawValue, nil, 0)
  }

  /// The largest header list that the peer takes; `Int.max` if it has not said.
  package var peerMaxHeaderListSize: Int {
    guard let library else { return .max }
    let value = nghttp2_session_get_remote_settings(library, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE)
    return value == .max ? .max : Int(value)
  }

  /// New streams can still be opened (client).
  package var canOpenStreams: Bool {
    guard let library else { return false }
    return nghttp2_session_check_request_allowed(library) != 0
  }

  /// Hands the bytes that are due to `sink`, valid only inside it, until nothing is left or `limit` is reached.
  ///
  /// Returns the number of bytes. Appends events (`closed`, `drained`, `headersNotSent`).
  package func sendOutput(limit: Int, now: UInt64, _ sink: (UnsafeRawBufferPointer) -> Void) throws(HTTP2Error) -> Int {
    guard let library else { return 0 }
    self.now = now
    var total = 0
    while total < limit {
      var chunk: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(library, &chunk)
      if count < 0 { throw HTTP2Error(library: count) }
      if count == 0 {
        if submitWaiting() { continue }
        break
      }
      sink(UnsafeRawBufferPointer(start: chunk, count: count))
      total += count
    }
    return total
  }

  private func resume(_ stream: HTTP2Stream) {
    guard stream.isDeferred, let library else { return }
    stream.isDeferred = false
    _ = nghttp2_session_resume_data(library, stream.id)
  }

  /// Submits what callbacks of `mem_send` found to be due. Returns whether there was anything.
  private func submitWaiting() -> Bool {
    guard let library, !(trailersToSubmit.isEmpty && resetsToSubmit.isEmpty) else { return false }
    for stream in trailersToSubmit where !stream.isClosed {
      guard let trailers = stream.trailers else { continue }
      stream.trailers = nil
      trailers.withNameValues { list, count in _ = nghttp2_submit_trailer(library, stream.id, list, count) }
    }
    trailersToSubmit.removeAll(keepingCapacity: true)
    for stream in resetsToSubmit where !stream.isClosed {
      _ = nghttp2_submit_rst_stream(library, 0, stream.id, HTTP2ErrorCode.noError.rawValue)
    }
    resetsToSubmit.removeAll(keepingCapacity: true)
    return true
  }

  /// The stream is kept by the session while it is open, and the library asks only for open streams.
  private func bodyProvider(of stream: HTTP2Stream) -> nghttp2_data_provider {
    nghttp2_data_provider(
      source: nghttp2_data_source(ptr: Unmanaged.passUnretained(stream).toOpaque()), read_callback: readBody)
  }
}

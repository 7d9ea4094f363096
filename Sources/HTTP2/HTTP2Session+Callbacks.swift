internal import CNghttp2

extension HTTP2Session {
  /// Makes the library's session. Its only failure is memory, which traps.
  func makeLibrarySession() {
    var callbacks: OpaquePointer?
    var option: OpaquePointer?
    precondition(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0, "out of memory")
    defer {
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_option_del(option)
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeaders)
    nghttp2_session_callbacks_set_on_header_callback(callbacks, receiveHeader)
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, receiveFrame)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, receiveData)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closeStream)
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, sendFrame)
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, notSendFrame)
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, receiveInvalidFrame)
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_no_closed_streams(option, 1)
    // Resets are counted by the strike counter: the library's own limit ends honest clients that cancel much.
    nghttp2_option_set_stream_reset_rate_limit(option, 1 << 40, 1 << 30)
    nghttp2_option_set_max_continuations(option, limits.maxContinuations)
    nghttp2_option_set_max_send_header_block_length(option, limits.maxSentHeaderBlock)
    nghttp2_option_set_max_outbound_ack(option, 1_000)
    let user = Unmanaged.passUnretained(self).toOpaque()
    let result =
      role == .server
      ? nghttp2_session_server_new3(&library, callbacks, user, option, memory.library)
      : nghttp2_session_client_new3(&library, callbacks, user, option, memory.library)
    precondition(result == 0, "out of memory")
  }
}

// The thunks. Each gets the session that owns the library's session, alive as long as the library runs, and finds streams that the
// session keeps while they are open. Neither is retained for the call: counting references took a sixth of a small call's time.

@inline(__always)
private func withOwner<R>(_ user: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> R) -> R {
  Unmanaged<HTTP2Session>.fromOpaque(user!)._withUnsafeGuaranteedRef(body)
}

@inline(__always)
private func stream(_ library: OpaquePointer?, _ id: Int32) -> Unmanaged<HTTP2Stream>? {
  guard let pointer = nghttp2_session_get_stream_user_data(library, id) else { return nil }
  return Unmanaged<HTTP2Stream>.fromOpaque(pointer)
}

private let endStreamFlag = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)

private func beginHeaders(
  _ library: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    let id = frame!.pointee.hd.stream_id
    let kind: HTTP2HeaderKind
    var target = stream(library, id)
    switch frame!.pointee.headers.cat {
    case NGHTTP2_HCAT_REQUEST:
      kind = .request
      if target == nil {
        let new = HTTP2Stream(id: id, output: session.makeBuffer())
        session.opened(new)
        target = Unmanaged.passUnretained(new)
        _ = nghttp2_session_set_stream_user_data(library, id, target!.toOpaque())
      }
    case NGHTTP2_HCAT_RESPONSE: kind = .response
    default: kind = .trailers
    }
    session.block = HeaderBlock(
      isOpen: true, stream: target, kind: kind, firstField: session.log.fields.count, listSize: 0, isTooLarge: false)
    return 0
  }
}

private func receiveHeader(
  _ library: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ name: UnsafePointer<UInt8>?, _ nameLength: Int,
  _ value: UnsafePointer<UInt8>?, _ valueLength: Int, _ flags: UInt8, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    session.receivedHeader(
      UnsafeBufferPointer(start: name, count: nameLength), UnsafeBufferPointer(start: value, count: valueLength))
  }
}

private func receiveFrame(
  _ library: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    let header = frame!.pointee.hd
    let endStream = header.flags & endStreamFlag != 0
    switch UInt32(header.type) {
    case NGHTTP2_DATA.rawValue:
      if endStream { stream(library, header.stream_id)?._withUnsafeGuaranteedRef { session.receivedEnd($0) } }
    case NGHTTP2_HEADERS.rawValue:
      session.receivedHeaderBlock(endStream: endStream)
    case NGHTTP2_SETTINGS.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { session.log.events.append(.settings) }
    case NGHTTP2_PING.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
        let opaque = withUnsafeBytes(of: frame!.pointee.ping.opaque_data) {
          UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))
        }
        session.log.events.append(.pingAcknowledged(opaque))
      }
    case NGHTTP2_GOAWAY.rawValue:
      let goAway = frame!.pointee.goaway
      let reason = UnsafeBufferPointer(start: goAway.opaque_data, count: min(goAway.opaque_data_len, 256))
      session.log.events.append(
        .goAway(
          lastStream: goAway.last_stream_id, code: HTTP2ErrorCode(rawValue: goAway.error_code),
          reason: String(decoding: reason, as: UTF8.self)))
    default: break
    }
    return 0
  }
}

private func receiveData(
  _ library: OpaquePointer?, _ flags: UInt8, _ id: Int32, _ data: UnsafePointer<UInt8>?, _ length: Int,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    stream(library, id)?._withUnsafeGuaranteedRef { stream in
      let start = session.log.bytes.count
      session.log.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: length))
      session.log.events.append(.data(stream, bytes: start..<start + length, endStream: false))
    }
    return 0
  }
}

private func closeStream(
  _ library: OpaquePointer?, _ id: Int32, _ code: UInt32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    guard let unmanaged = stream(library, id) else { return 0 }
    if session.block.stream?.toOpaque() == unmanaged.toOpaque() { session.block = HeaderBlock() }
    // The session lets go of it here: held until the event holds it.
    session.closed(unmanaged.takeUnretainedValue(), HTTP2ErrorCode(rawValue: code))
    return 0
  }
}

private func sendFrame(
  _ library: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    let header = frame!.pointee.hd
    switch UInt32(header.type) {
    case NGHTTP2_DATA.rawValue:
      session.strikes.forgive(StrikeWeight.sentData)
    case NGHTTP2_HEADERS.rawValue:
      guard session.role == .server, header.flags & endStreamFlag != 0 else { break }
      stream(library, header.stream_id)?._withUnsafeGuaranteedRef { stream in
        if !stream.isRemoteEnded { session.resetsToSubmit.append(stream) }
      }
    case NGHTTP2_RST_STREAM.rawValue:
      switch frame!.pointee.rst_stream.error_code {
      case HTTP2ErrorCode.noError.rawValue, HTTP2ErrorCode.cancel.rawValue: break
      case HTTP2ErrorCode.refusedStream.rawValue: session.strikes.strike(StrikeWeight.reset, now: session.now)
      default: session.strikes.strike(StrikeWeight.provokedReset, now: session.now)
      }
    default: break
    }
    return 0
  }
}

private func notSendFrame(
  _ library: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ code: Int32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    let header = frame!.pointee.hd
    if UInt32(header.type) == NGHTTP2_HEADERS.rawValue {
      stream(library, header.stream_id)?._withUnsafeGuaranteedRef { session.log.events.append(.headersNotSent($0)) }
    }
    return 0
  }
}

private func receiveInvalidFrame(
  _ library: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ code: Int32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withOwner(user) { session in
    session.strikes.strike(StrikeWeight.provokedReset, now: session.now)
    return 0
  }
}

/// The library asks for body bytes of a stream: up to `length`, or DEFERRED when there are none yet.
func readBody(
  _ library: OpaquePointer?, _ id: Int32, _ target: UnsafeMutablePointer<UInt8>?, _ length: Int,
  _ flags: UnsafeMutablePointer<UInt32>?, _ source: UnsafeMutablePointer<nghttp2_data_source>?,
  _ user: UnsafeMutableRawPointer?
) -> Int {
  withOwner(user) { session in
    Unmanaged<HTTP2Stream>.fromOpaque(source!.pointee.ptr)._withUnsafeGuaranteedRef { stream in
      session.readBody(
        of: stream, into: UnsafeMutableRawBufferPointer(start: target, count: length), &flags!.pointee)
    }
  }
}

extension HTTP2Session {
  fileprivate func receivedHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Int32 {
    block.listSize += name.count + value.count + 32
    guard block.listSize <= limits.maxHeaderListSize else {
      if !block.isTooLarge {
        block.isTooLarge = true
        strikes.strike(StrikeWeight.oversizedHeaders, now: now)
      }
      // Far over: the library resets the stream and stops telling, but keeps its compression state.
      return block.listSize > 16 * limits.maxHeaderListSize ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue : 0
    }
    let start = log.bytes.count
    log.bytes.append(contentsOf: name)
    log.bytes.append(contentsOf: value)
    log.fields.append(HTTP2EventLog.Field(start: start, nameLength: name.count, valueLength: value.count))
    return 0
  }

  fileprivate func receivedHeaderBlock(endStream: Bool) {
    block.stream?._withUnsafeGuaranteedRef { stream in
      if endStream { stream.isRemoteEnded = true }
      if block.isTooLarge {
        log.events.append(.headersTooLarge(stream, kind: block.kind))
      } else {
        log.events.append(
          .headers(stream, fields: block.firstField..<log.fields.count, kind: block.kind, endStream: endStream))
      }
    }
    block.isOpen = false
    block.stream = nil
  }

  /// Marks the data event just appended as the last, so that a small request is one event; else appends its own.
  fileprivate func receivedEnd(_ stream: HTTP2Stream) {
    stream.isRemoteEnded = true
    if case .data(let last, let bytes, _)? = log.events.last, last === stream {
      log.events[log.events.count - 1] = .data(stream, bytes: bytes, endStream: true)
    } else {
      log.events.append(.endOfStream(stream))
    }
  }

  fileprivate func readBody(
    of stream: HTTP2Stream, into target: UnsafeMutableRawBufferPointer, _ flags: inout UInt32
  ) -> Int {
    let count = stream.read(into: target)
    bufferedOutput -= count
    if count > 0 { stream.lastSent = now }
    if let mark = stream.drainMark, stream.bufferedBytes <= mark {
      stream.drainMark = nil
      log.events.append(.drained(stream))
    }
    if stream.isOutputEnded, stream.bufferedBytes == 0 {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if stream.trailers != nil {
        flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        trailersToSubmit.append(stream)
      }
      return count
    }
    if count == 0 {
      stream.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    return count
  }
}

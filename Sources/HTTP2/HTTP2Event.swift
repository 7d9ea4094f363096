/// What happened on a connection. Field and byte ranges point into the `HTTP2EventLog` that the event came with.
package enum HTTP2Event {
  /// A header block is complete. For `.request` the stream is new.
  case headers(HTTP2Stream, fields: Range<Int>, kind: HTTP2HeaderKind, endStream: Bool)
  /// A header list over the limit; its fields were dropped.
  case headersTooLarge(HTTP2Stream, kind: HTTP2HeaderKind)
  /// Body bytes. The receiver gives them back with `HTTP2Session.consume`.
  case data(HTTP2Stream, bytes: Range<Int>, endStream: Bool)
  /// The peer has sent everything on this stream.
  case endOfStream(HTTP2Stream)
  /// The buffered output of a stream that asked for it has fallen to its low mark.
  case drained(HTTP2Stream)
  /// The stream is over; no event of it follows. `noError` when both sides ended it.
  case closed(HTTP2Stream, HTTP2ErrorCode)
  /// Headers or trailers of this stream could not be sent. The stream should be reset.
  case headersNotSent(HTTP2Stream)
  /// The peer starts no more streams and ignores ours above `lastStream`.
  case goAway(lastStream: Int32, code: HTTP2ErrorCode, reason: String)
  /// The peer answered a ping.
  case pingAcknowledged(UInt64)
  /// The peer's settings arrived.
  case settings
}

/// What a header block is.
package enum HTTP2HeaderKind: Sendable {
  case request
  case response
  case trailers
}

/// The events of one `receive` or `sendOutput`, with the bytes they point into.
package struct HTTP2EventLog {
  struct Field {
    var start: Int
    var nameLength: Int
    var valueLength: Int
  }

  package internal(set) var events: [HTTP2Event] = []
  var bytes: [UInt8] = []
  var fields: [Field] = []

  package var isEmpty: Bool { events.isEmpty }

  /// The bytes of a `data` event, valid only inside `body`.
  package func withBytes<R, E: Error>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try bytes.withUnsafeBufferPointer { (all) throws(E) in
      try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[range])))
    }
  }

  /// Calls `body` with name and value of each field of a `headers` event, valid only inside `body`.
  package func forEachField(
    _ range: Range<Int>, _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) {
    bytes.withUnsafeBytes { all in
      for field in fields[range] {
        let valueStart = field.start + field.nameLength
        body(
          UnsafeRawBufferPointer(rebasing: all[field.start..<valueStart]),
          UnsafeRawBufferPointer(rebasing: all[valueStart..<valueStart + field.valueLength]))
      }
    }
  }

  /// Takes over the fields of a header block that is not complete yet, from `first` on.
  mutating func continueBlock(of other: HTTP2EventLog, from first: Int) {
    for field in other.fields[first...] {
      let start = bytes.count
      bytes.append(contentsOf: other.bytes[field.start..<field.start + field.nameLength + field.valueLength])
      fields.append(Field(start: start, nameLength: field.nameLength, valueLength: field.valueLength))
    }
  }

  mutating func removeAll() {
    events.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: bytes.capacity <= 256 << 10)
    fields.removeAll(keepingCapacity: true)
  }
}

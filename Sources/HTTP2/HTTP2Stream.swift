/// One stream of a session: its identity, what it still has to send, and a place for its user.
///
/// Belongs to its session and to the thread that runs the session.
package final class HTTP2Stream {
  /// The stream's number on the wire.
  @exclusivity(unchecked) package internal(set) var id: Int32

  /// Whatever the layer above keeps for this stream; let go of when the stream closes.
  @exclusivity(unchecked) package var user: AnyObject?

  /// The stream is over: everything submitted to it is ignored.
  @exclusivity(unchecked) package internal(set) var isClosed = false

  /// The peer has sent everything.
  @exclusivity(unchecked) package internal(set) var isRemoteEnded = false

  /// Milliseconds on the session's clock at which bytes of this stream last went out, or at which it was opened.
  @exclusivity(unchecked) package internal(set) var lastSent: UInt64 = 0

  /// At or under this many buffered bytes a `drained` event follows, once. Nil: none is wanted.
  @exclusivity(unchecked) package var drainMark: Int?

  @exclusivity(unchecked) var slot = 0
  @exclusivity(unchecked) var output: [UInt8]
  @exclusivity(unchecked) var outputStart = 0
  @exclusivity(unchecked) var isOutputEnded = false
  @exclusivity(unchecked) var isDeferred = false
  @exclusivity(unchecked) var hasBody = false
  @exclusivity(unchecked) var trailers: HTTP2Headers?

  init(id: Int32, output: [UInt8] = []) {
    self.id = id
    self.output = output
  }

  /// Body bytes that were written and not sent yet.
  package var bufferedBytes: Int { output.count - outputStart }

  /// All output was handed in: what remains is to send it.
  package var isFinishing: Bool { isOutputEnded }

  /// Moves up to `target.count` bytes out of the buffer.
  func read(into target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(bufferedBytes, target.count)
    guard count > 0 else { return 0 }
    output.withUnsafeBytes { bytes in
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[outputStart..<outputStart + count]))
    }
    outputStart += count
    if outputStart == output.count {
      output.removeAll(keepingCapacity: output.capacity <= 64 << 10)
      outputStart = 0
    } else if outputStart >= 1 << 20, outputStart > output.count / 2 {
      output.removeSubrange(0..<outputStart)
      outputStart = 0
    }
    return count
  }
}

/// Bounds of one HTTP/2 connection. Sizes are in bytes.
package struct HTTP2Limits: Sendable, Equatable {
  /// Streams that the peer may have open at once. Default 4,096.
  package var maxConcurrentStreams: UInt32 = 4_096

  /// What one stream may send before its reader consumes. Default 256 KiB.
  package var initialStreamWindow: UInt32 = 256 << 10

  /// What all streams of the connection may send before it is consumed. Default 4 MiB.
  package var connectionWindow: UInt32 = 4 << 20

  /// The largest frame that the peer may send. Default 16 KiB, the smallest that RFC 9113 allows.
  package var maxFrameSize: UInt32 = 16 << 10

  /// The largest received header list (RFC 9113, section 6.5.2: names + values + 32 a field). Default 16 KiB.
  package var maxHeaderListSize: Int = 16 << 10

  /// The largest header block that is sent. Default 64 KiB.
  package var maxSentHeaderBlock: Int = 64 << 10

  /// CONTINUATION frames in one header block. Default 8.
  package var maxContinuations: Int = 8

  /// Strike points at which a connection is ended with ENHANCE_YOUR_CALM. Default 20,000; see `StrikeWeight`.
  package var strikeBudget: Int = 20_000

  /// Strike points that are forgiven a second. Default 4,000.
  package var strikeDecayPerSecond: Int = 4_000

  package init() {}
}

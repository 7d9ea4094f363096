package import HTTP2

/// Bounds of a server. Sizes are in bytes; a nil duration switches that limit off.
package struct ServerLimits: Sendable {
  /// The largest message taken in, after decompression. Default 4 MiB.
  package var maxRequestMessage = 4 << 20

  /// The largest message sent, before compression. Default 4 MiB.
  package var maxResponseMessage = 4 << 20

  /// Bytes of incomplete or unread requests that one connection may make the server hold. Default 64 MiB.
  package var maxBufferedRequests = 64 << 20

  /// Bytes of responses that one connection may leave unread; a further one is RESOURCE_EXHAUSTED. Default 64 MiB.
  package var maxBufferedResponses = 64 << 20

  /// A response stream is writable below this many unsent bytes. Default 256 KiB.
  package var responseStreamHighMark = 256 << 10

  /// A response stream that turned unwritable turns writable again at this many. Default 64 KiB.
  package var responseStreamLowMark = 64 << 10

  /// A response stream whose writer ignores `isWritable` up to here is ended with RESOURCE_EXHAUSTED. Default 16 MiB.
  package var responseStreamLimit = 16 << 20

  /// Responses that may be merged are one message up to this many bytes; never more than
  /// `maxResponseMessage`. Default 64 KiB.
  package var mergedResponseSize = 64 << 10

  /// Connections at once; one more is closed on arrival. Default 10,000.
  package var maxConnections = 10_000

  /// From accepting a connection to its first complete request head. Default 30 s.
  package var timeToFirstRequest: Duration? = .seconds(30)

  /// From the beginning of a header block to its end. Default 10 s.
  package var headerTimeout: Duration? = .seconds(10)

  /// A connection without calls is drained after this. Default 30 min.
  package var idleTimeout: Duration? = .seconds(1_800)

  /// A connection is drained at this age. Default nil: never.
  package var maxConnectionAge: Duration?

  /// Calls that still run this long after a drain began are ended with the connection. Default 60 s.
  package var drainGrace: Duration = .seconds(60)

  /// Silence after which the peer is pinged. Default 60 s.
  package var keepaliveInterval: Duration? = .seconds(60)

  /// How long a ping may stay unanswered before the connection is closed. Default 20 s.
  package var keepaliveTimeout: Duration = .seconds(20)

  /// A finished reply that the peer does not let us send for this long is reset. Default 60 s.
  package var stalledReplyTimeout: Duration? = .seconds(60)

  /// Bounds of HTTP/2 itself.
  package var http2 = HTTP2Limits()

  package init() {}
}

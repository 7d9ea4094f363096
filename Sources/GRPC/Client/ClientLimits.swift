package import HTTP2

/// Bounds and pace of a client. Sizes are in bytes.
package struct ClientLimits: Sendable {
  /// The largest message sent. Default 4 MiB.
  package var maxRequestMessage = 4 << 20

  /// Requests that may be merged are one message up to this size; never more than `maxRequestMessage`. Default 64 KiB.
  package var mergedRequestSize = 64 << 10

  /// The largest message taken in, after decompression. Default 4 MiB.
  package var maxResponseMessage = 4 << 20

  /// Calls that wait for a connection or run, for each connection; one more is RESOURCE_EXHAUSTED. Default 65,536.
  package var maxCalls = 65_536

  /// Undelivered responses of one call above which its server is held back. Default 256 KiB.
  package var responseBuffer = 256 << 10

  /// A request stream is writable below this many unsent bytes. Default 256 KiB.
  package var requestStreamHighMark = 256 << 10

  /// A request stream that turned unwritable turns writable again at this many. Default 64 KiB.
  package var requestStreamLowMark = 64 << 10

  /// A request stream whose writer ignores `isWritable` up to here fails with RESOURCE_EXHAUSTED. Default 16 MiB.
  package var requestStreamLimit = 16 << 20

  /// Connections to use at once. Default 1; more only helps when one event loop cannot keep up.
  package var connections = 1

  /// From beginning to connect to the server's first settings. Default 5 s.
  package var connectTimeout: Duration = .seconds(5)

  /// The pause after a failed attempt at every target; grows by 1.6 each time, with 20 % jitter. Default 0.1 s.
  package var firstBackoff: Duration = .milliseconds(100)

  /// The longest pause between attempts. Default 5 s.
  package var maxBackoff: Duration = .seconds(5)

  /// Silence after which the server is pinged while calls are open. Default 30 s; nil: never.
  package var keepaliveInterval: Duration? = .seconds(30)

  /// How long a ping may stay unanswered before the connection is given up. Default 10 s.
  package var keepaliveTimeout: Duration = .seconds(10)

  /// Whether request messages of 512 bytes and more are compressed. Default false.
  package var compressesRequests = false

  /// What the client calls itself (`user-agent`).
  package var userAgent = "kagzi-swift"

  /// Bounds of HTTP/2 itself.
  package var http2 = HTTP2Limits()

  package init() {}
}

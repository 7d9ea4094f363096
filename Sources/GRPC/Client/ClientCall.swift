import HTTP2

/// One call of a client, without its types. Derived classes take its responses.
///
/// Sendable by this division: what `init` sets is not changed afterwards, and everything else is touched on the
/// channel's event loop only; derived classes synchronize what they add.
class ClientCall: @unchecked Sendable {
  enum Phase {
    case created
    case waiting
    case open
    case ended
  }

  let channel: ClientChannel
  let path: String
  let metadata: Metadata
  let deadlineUptime: UInt64
  let waitsForReady: Bool

  // Event loop.
  var phase = Phase.created
  var stream: HTTP2Stream?
  var connection: ClientConnection?
  var deframer: MessageDeframer
  var encoding = MessageEncoding.identity
  var refusals = 0
  /// The server has begun to answer: the call cannot be sent again.
  var hasHeaders = false
  /// Received bytes whose window is not given back yet.
  var unconsumedBytes = 0

  init(
    channel: ClientChannel, path: String, metadata: Metadata, deadline: Duration?, waitsForReady: Bool
  ) {
    self.channel = channel
    self.path = path
    self.metadata = metadata
    self.waitsForReady = waitsForReady
    deadlineUptime = deadline.map { channel.uptime &+ min($0.nanoseconds, 1 << 61) } ?? .max
    deframer = MessageDeframer(maxMessage: channel.limits.maxResponseMessage)
  }

  func start() {
    let channel = channel
    channel.onLoop { channel.start(self) }
  }

  /// Gives the call up; it ends with CANCELLED. May be called from any thread and at any time.
  func cancel() {
    let channel = channel
    channel.onLoop { channel.end(self, Status(.cancelled, "the caller cancelled the call"), trailers: [:]) }
  }

  // MARK: For derived classes, on the event loop

  /// The stream is open: write what there is.
  func opened() {}

  /// Opening another stream for the same call would repeat nothing.
  var canBeSentAgain: Bool { false }

  func receivedHeaders(_ metadata: Metadata) {}

  func received(_ message: UnsafeRawBufferPointer) throws(Status) {}

  /// The undelivered responses are so many that the server should be held back.
  var isHoldingBack: Bool { false }

  /// The request stream has room again.
  func drained() {}

  /// The call is over. Called once.
  func ended(_ status: Status, trailers: Metadata) {}
}

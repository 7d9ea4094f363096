package import Messages

/// An RPC over `RawBytes`.
package protocol EchoMethod: RPCMethod where Request == RawBytes, Response == RawBytes {}

extension EchoMethod {
  package static var service: String { "test.Echo" }
  package static var path: String { "/test.Echo/\(name)" }
}

/// The RPCs of the test service.
package enum Echo {
  /// Answers with the request; sends metadata whose name begins with `x-` back as headers and trailers.
  package enum Unary: EchoMethod {
    package static let name = "Unary"
    package static let kind = RPCKind.unary
  }

  /// As `Unary`, answered from another thread.
  package enum Elsewhere: EchoMethod {
    package static let name = "Elsewhere"
    package static let kind = RPCKind.unary
  }

  /// Fails with the code in the first request byte, the rest as message, and details.
  package enum Fail: EchoMethod {
    package static let name = "Fail"
    package static let kind = RPCKind.unary
  }

  /// Does not answer until `Release` is called.
  package enum Hold: EchoMethod {
    package static let name = "Hold"
    package static let kind = RPCKind.unary
  }

  /// Answers every held call; returns how many.
  package enum Release: EchoMethod {
    package static let name = "Release"
    package static let kind = RPCKind.unary
  }

  /// Drops its responder.
  package enum Forget: EchoMethod {
    package static let name = "Forget"
    package static let kind = RPCKind.unary
  }

  /// Returns how many calls were seen to be cancelled, as text.
  package enum CountCancelled: EchoMethod {
    package static let name = "CountCancelled"
    package static let kind = RPCKind.unary
  }

  /// `"count size"`: streams that many responses of that size, with back-pressure.
  package enum Stream: EchoMethod {
    package static let name = "Stream"
    package static let kind = RPCKind.serverStreaming
  }

  /// Sends the words of the request back, all handed over at once: a word after a `+` may be merged with those before it.
  package enum Merge: EchoMethod {
    package static let name = "Merge"
    package static let kind = RPCKind.serverStreaming
  }

  /// Answers `"messages bytes"` of what was sent.
  package enum Collect: EchoMethod {
    package static let name = "Collect"
    package static let kind = RPCKind.clientStreaming
  }

  /// Sends every request back.
  package enum Chat: EchoMethod {
    package static let name = "Chat"
    package static let kind = RPCKind.bidirectional
  }

  /// Takes requests only while fewer than 64 KiB of its echoes are unsent.
  package enum SlowChat: EchoMethod {
    package static let name = "SlowChat"
    package static let kind = RPCKind.bidirectional
  }
}

import GRPCTestSupport
import Messages
import Synchronization
import Testing

@testable import GRPC

@Suite("Requests of a stream", .timeLimit(.minutes(1)))
struct RequestMergingTests {
  @Test(
    "that may be merged and cross together are one message, up to a number and a size, and keep their place",
    arguments: [
      (["+a"], ["a"]), (["+a", "+b", "+c"], ["abc"]), (["a", "+b", "+c", "d", "+e"], ["a", "bc", "d", "e"]),
      (["+a", "+b", "+c", "+d", "+e"], ["abcd", "e"]), (["+1234", "+5678", "+90"], ["12345678", "90"]),
      (["+123456789", "+0"], ["123456789", "0"]), (["+a", "|", "+b"], ["a", "b"]),
    ])
  func merging(words: [String], messages: [String]) {
    var limits = ClientLimits()
    limits.mergedRequestSize = 8
    let buffer = RequestBuffer(limits: limits)
    var bytes: [UInt8] = []
    for word in words {
      // The loop takes over what was written so far.
      if word == "|" {
        bytes += buffer.handOver().bytes
        continue
      }
      let isMerged = word.hasPrefix("+")
      let text = Array((isMerged ? word.dropFirst() : word[...]).utf8)
      _ = text.withUnsafeBytes { buffer.write($0, .identity, maxParts: isMerged ? 4 : 1) }
    }
    bytes += buffer.handOver().bytes
    #expect(Self.messages(bytes) == messages)
  }

  private static func messages(_ bytes: [UInt8]) -> [String] {
    var (rest, messages) = (bytes[...], [String]())
    while rest.count >= 5 {
      let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 + Int($1) }
      messages.append(String(decoding: rest.dropFirst(5).prefix(length), as: UTF8.self))
      rest = rest.dropFirst(5 + length)
    }
    return messages
  }

  @Test("responses can be delivered to a function, in order, and the end after them")
  func delivery() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let received = Mutex<[String]>([])
        let (ends, end) = AsyncStream.makeStream(of: Status.self)
        let stream = client.streaming(
          Echo.Chat.self, onResponse: { message in received.withLock { $0.append(message.text) } },
          onEnd: { end.yield($0) })
        let sent = (0..<1_000).map { "\($0)" }
        for text in sent { stream.send(RawBytes(text)) }
        stream.finishSending()
        let status = await ends.first { _ in true }
        #expect(status?.code == .ok)
        #expect(received.withLock { $0 } == sent)
      }
    }
  }

  @Test("a stream nobody holds is cancelled, and says so to its function")
  func abandoned() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let (ends, end) = AsyncStream.makeStream(of: Status.self)
        do {
          let stream = client.streaming(Echo.Chat.self, onResponse: { _ in }, onEnd: { end.yield($0) })
          stream.send(RawBytes("a"))
        }
        let status = await ends.first { _ in true }
        #expect(status?.code == .cancelled)
      }
    }
  }
}

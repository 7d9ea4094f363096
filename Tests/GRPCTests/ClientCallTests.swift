import GRPC
import GRPCTestSupport
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClientCallTests {
  @Test("unary calls come back, one by one and many at once")
  func unary() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        #expect(try await client.unary(Echo.Unary.self, RawBytes("hello")) == RawBytes("hello"))
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<2_000 {
            group.addTask {
              let message = RawBytes("\(number)")
              if number % 2 == 0 { return try await client.unary(Echo.Unary.self, message) == message }
              return try await client.unary(Echo.Elsewhere.self, message) == message
            }
          }
          for try await isRight in group { #expect(isRight) }
        }
      }
    }
  }

  @Test("a message of 4 MiB travels, one more byte is refused on either side", arguments: [false, true])
  func large(compresses: Bool) async throws {
    try await RunningServer.with { server async throws in
      var limits = ClientLimits()
      limits.compressesRequests = compresses
      try await server.withClient(limits: limits) { client async throws in
        let message = RawBytes((0..<4 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 + 1) & 0x7F })
        #expect(try await client.unary(Echo.Unary.self, message) == message)
        let tooLarge = RawBytes([UInt8](repeating: 1, count: 4 << 20 + 1))
        await expect(.resourceExhausted) { try await client.unary(Echo.Unary.self, tooLarge) }
      }
      limits.maxRequestMessage = 8 << 20
      try await server.withClient(limits: limits) { client async throws in
        let held = Task { try await client.unary(Echo.Hold.self, RawBytes()) }
        await server.service.taken.reach(1)
        let tooLarge = RawBytes([UInt8](repeating: 1, count: 4 << 20 + 1))
        await expect(.resourceExhausted) { try await client.unary(Echo.Unary.self, tooLarge) }
        #expect(try await client.unary(Echo.Release.self, RawBytes()).text == "1")
        #expect(try await held.value.text == "released")
      }
    }
  }

  @Test("errors carry code, message and details")
  func errors() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let expected = Status(.notFound, "no such run: grün 100 %\n", details: [8, 5, 18, 1, 0x78])
        await #expect(throws: expected) {
          try await client.unary(Echo.Fail.self, RawBytes([5] + Array("no such run: grün 100 %\n".utf8)))
        }
        await expect(.internal) { try await client.unary(Echo.Forget.self, RawBytes()) }
        await expect(.invalidArgument) { try await client.unary(Echo.Unary.self, RawBytes([0xFF])) }
      }
    }
  }

  @Test("a server stream arrives whole and in order although its reader is slow")
  func serverStream() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        var count = 0
        for try await message in client.serverStreaming(Echo.Stream.self, RawBytes("2000 10000")) {
          #expect(message.bytes.count == 10_000)
          count += 1
          if count % 100 == 0 { await Task.yield() }
        }
        #expect(count == 2_000)
      }
    }
  }

  @Test(
    "responses that may be merged and cross together are one message, up to a size, and keep their place",
    arguments: [
      ("+a", ["a"]), ("+a +b +c", ["abc"]), ("a +b +c d +e", ["a", "bc", "d", "e"]), ("a b", ["a", "b"]),
      ("+1234 +5678 +90", ["12345678", "90"]), ("+123456789 +0", ["123456789", "0"]),
    ])
  func merging(words: String, messages: [String]) async throws {
    var limits = ServerLimits()
    limits.mergedResponseSize = 8
    try await RunningServer.with(limits: limits) { server async throws in
      try await server.withClient { client async throws in
        var received: [String] = []
        for try await message in client.serverStreaming(Echo.Merge.self, RawBytes(words)) {
          received.append(message.text)
        }
        #expect(received == messages)
      }
    }
  }

  @Test("a reader that goes away cancels its call")
  func abandonedReader() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        do {
          var iterator = client.serverStreaming(Echo.Stream.self, RawBytes("1000000 10000")).makeAsyncIterator()
          _ = try await iterator.next()
        }
        await server.service.cancelled.reach(1)
      }
    }
  }

  @Test("a client stream is collected")
  func clientStream() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let stream = client.streaming(Echo.Collect.self)
        for _ in 0..<1_000 {
          if !stream.send(RawBytes([UInt8](repeating: 1, count: 10_000))) { await stream.writable() }
        }
        stream.finishSending()
        var answers: [String] = []
        for try await answer in stream.responses { answers.append(answer.text) }
        #expect(answers == ["1000 10000000"])
      }
    }
  }

  @Test("a bidirectional call goes both ways, with back-pressure or without", arguments: [false, true])
  func bidirectional(isSlow: Bool) async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        if isSlow {
          try await chat(client.streaming(Echo.SlowChat.self))
        } else {
          try await chat(client.streaming(Echo.Chat.self))
        }
      }
    }
  }

  private func chat<M: EchoMethod>(_ stream: ClientStream<M>) async throws {
    async let sent: Void = {
      for number in 0..<500 {
        if !stream.send(RawBytes([UInt8](repeating: UInt8(number % 200), count: 20_000))) { await stream.writable() }
      }
      stream.finishSending()
    }()
    var number = 0
    for try await message in stream.responses {
      #expect(message.bytes.first == UInt8(number % 200))
      number += 1
    }
    await sent
    #expect(number == 500)
  }

  @Test("a deadline ends the call on both sides")
  func deadline() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        _ = try await client.unary(Echo.Unary.self, RawBytes())
        await expect(.deadlineExceeded) {
          try await client.unary(Echo.Hold.self, RawBytes(), deadline: .milliseconds(500))
        }
        await server.service.cancelled.reach(1)
        await expect(.deadlineExceeded) {
          try await client.unary(Echo.Unary.self, RawBytes(), deadline: .zero)
        }
      }
    }
  }

  @Test("cancelling a task cancels its call, here and there")
  func cancellation() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let task = Task { try await client.unary(Echo.Hold.self, RawBytes()) }
        await server.service.taken.reach(1)
        task.cancel()
        await expect(.cancelled) { try await task.value }
        await server.service.cancelled.reach(1)
        let cancelled = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          return try await client.unary(Echo.Hold.self, RawBytes())
        }
        await expect(.cancelled) { try await cancelled.value }
      }
    }
  }

  @Test("thousands of cancelled calls do not end the connection")
  func honestCancels() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let held = Task { try await client.unary(Echo.Hold.self, RawBytes()) }
        await server.service.taken.reach(1)
        for round in 1...3 {
          let calls = (0..<1_000).map { _ in client.unary(Echo.Hold.self, RawBytes()) { _ in } }
          await server.service.taken.reach(1 + round * 1_000)
          for call in calls { call.cancel() }
        }
        await server.service.cancelled.reach(3_000)
        _ = try await client.unary(Echo.Release.self, RawBytes())
        #expect(try await held.value.text == "released")
      }
    }
  }

  @Test("many answers given together from another thread arrive")
  func manyAnswers() async throws {
    try await RunningServer.with { server async throws in
      try await server.withClient { client async throws in
        let answered = Milestones()
        for _ in 0..<1_000 {
          client.unary(Echo.Hold.self, RawBytes()) { result in
            if case .success = result { answered.add() }
          }
        }
        await server.service.taken.reach(1_000)
        #expect(try await client.unary(Echo.Release.self, RawBytes()).text == "1000")
        await answered.reach(1_000)
      }
    }
  }
}

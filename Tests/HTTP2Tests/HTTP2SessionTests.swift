import HTTP2
import Testing

@Suite struct HTTP2SessionTests {
  @Test("a call and its answer arrive however the bytes are cut", arguments: 0..<300)
  func exchange(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let pair = Pair()
    pair.step = { Int.random(in: 1...50, using: &random) }
    var headers = HTTP2Headers.request
    headers.append("x-custom", String(repeating: "v", count: 300))
    let stream = try #require(pair.client.openStream(headers, user: nil))
    let body = (0..<500).map { UInt8(truncatingIfNeeded: $0) }
    pair.client.write(stream) { $0 += body }
    pair.client.finish(stream, trailers: nil)
    try pair.run()

    var data: [UInt8] = []
    for case .data(_, let bytes) in pair.seenByServer { data += bytes }
    #expect(data == body)
    #expect(
      pair.seenByServer.first
        == .headers(
          1, .request,
          [
            ":method: POST", ":scheme: http", ":authority: test", ":path: /a/B",
            "x-custom: " + String(repeating: "v", count: 300),
          ],
          endStream: false))
    #expect(pair.seenByServer.last == .end(1))

    let onServer = try #require(pair.serverStreams[1])
    pair.server.respond(onServer, .response, endStream: false)
    pair.server.write(onServer) { $0 += body }
    pair.server.finish(onServer, trailers: HTTP2Headers([("grpc-status", "0")]))
    try pair.run()
    data = []
    for case .data(_, let bytes) in pair.seenByClient { data += bytes }
    #expect(data == body)
    #expect(pair.seenByClient.contains(.headers(1, .response, [":status: 200"], endStream: false)))
    #expect(pair.seenByClient.contains(.headers(1, .trailers, ["grpc-status: 0"], endStream: true)))
    #expect(pair.seenByClient.last == .closed(1, .noError))
    #expect(pair.seenByServer.last == .closed(1, .noError))
    #expect(pair.client.openStreams == 0 && pair.server.openStreams == 0 && pair.server.bufferedOutput == 0)
  }

  @Test("an answer before the end of the request resets the request with NO_ERROR, after the answer")
  func earlyAnswer() throws {
    let pair = Pair()
    let stream = try #require(pair.client.openStream(.request, user: nil))
    try pair.run()
    pair.server.respond(try #require(pair.serverStreams[1]), .response, endStream: true)
    try pair.run()
    #expect(
      pair.seenByClient == [.headers(1, .response, [":status: 200"], endStream: true), .closed(1, .noError)])
    #expect(stream.isClosed)
  }

  @Test("a sender stops at the stream's window and goes on when the reader consumes")
  func flowControl() throws {
    var limits = HTTP2Limits()
    limits.initialStreamWindow = 65_535
    let pair = Pair(serverLimits: limits)
    pair.serverConsumes = false
    let stream = try #require(pair.client.openStream(.request, user: nil))
    pair.client.write(stream) { $0 += [UInt8](repeating: 1, count: 200_000) }
    stream.drainMark = 100_000
    try pair.run()
    #expect(stream.bufferedBytes == 200_000 - 65_535)
    #expect(!pair.seenByClient.contains(.drained(1)))
    pair.server.consume(try #require(pair.serverStreams[1]), 65_535)
    try pair.run()
    #expect(stream.bufferedBytes == 200_000 - 2 * 65_535)
    #expect(pair.seenByClient.contains(.drained(1)))
  }

  @Test("one reader that does not consume does not hold up another stream")
  func streamsAreApart() throws {
    let pair = Pair()
    pair.serverConsumes = false
    for _ in 0..<20 {
      let stream = try #require(pair.client.openStream(.request, user: nil))
      pair.client.write(stream) { $0 += [UInt8](repeating: 1, count: 1 << 20) }
    }
    try pair.run()
    let other = try #require(pair.client.openStream(.request, user: nil))
    pair.client.write(other) { $0 += [1, 2, 3] }
    try pair.run()
    #expect(pair.seenByServer.contains(.data(other.id, [1, 2, 3])))
  }

  @Test("closing a session ends every open stream")
  func close() throws {
    let pair = Pair()
    for _ in 0..<3 { _ = pair.client.openStream(.request, user: nil) }
    try pair.run()
    #expect(pair.server.openStreams == 3)
    pair.server.close(.cancel)
    pair.client.close(.connectError)
    #expect(pair.server.openStreams == 0 && pair.client.openStreams == 0)
    try pair.run()
    #expect(pair.seenByServer.suffix(3) == [.closed(1, .cancel), .closed(3, .cancel), .closed(5, .cancel)])
    #expect(pair.server.isFinished)
  }

  @Test("a header list over the limit is told, and the connection lives on")
  func oversizedHeaders() throws {
    let pair = Pair()
    var headers = HTTP2Headers.request
    headers.append("x-large", String(repeating: "a", count: 20_000))
    _ = pair.client.openStream(headers, user: nil)
    _ = pair.client.openStream(.request, user: nil)
    try pair.run()
    #expect(pair.seenByServer.contains(.tooLarge(1)))
    #expect(pair.seenByServer.contains { if case .headers(3, _, _, _) = $0 { true } else { false } })
  }

  @Test("headers that are too large to send end their stream, not the connection")
  func unsendableHeaders() throws {
    let pair = Pair()
    _ = pair.client.openStream(.request, user: nil)
    try pair.run()
    let stream = try #require(pair.serverStreams[1])
    var headers = HTTP2Headers.response
    headers.append("x-large", String(repeating: "a", count: 100_000))
    pair.server.respond(stream, headers, endStream: false)
    try pair.run()
    #expect(pair.seenByServer.contains(.notSent(1)))
    pair.server.reset(stream, .internalError)
    try pair.run()
    #expect(pair.seenByClient.last == .closed(1, .internalError))
  }

  @Test("after a shutdown notice new streams are taken, after the GOAWAY none, and open ones finish")
  func drain() throws {
    let pair = Pair()
    _ = pair.client.openStream(.request, user: nil)
    try pair.run()
    pair.server.announceShutdown()
    pair.server.ping(7)
    // The client has not heard of it when it opens one more.
    _ = pair.client.openStream(.request, user: nil)
    _ = try pair.client.sendOutput(limit: .max, now: 0) { bytes in try? pair.server.receive(bytes, now: 0) }
    try pair.run()
    #expect(pair.seenByServer.contains(.ping(7)))
    #expect(pair.server.openStreams == 2)
    #expect(!pair.client.canOpenStreams)
    pair.server.goAway()
    try pair.run()
    #expect(!pair.server.isFinished)
    for id in [1, 3] as [Int32] {
      pair.server.respond(try #require(pair.serverStreams[id]), .response, endStream: true)
    }
    try pair.run()
    #expect(pair.server.isFinished)
  }
}

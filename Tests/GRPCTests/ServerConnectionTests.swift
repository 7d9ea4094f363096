import GRPCTestSupport
import HTTP2
import NIOEmbedded
import Testing

@testable import GRPC

@Suite struct ServerConnectionTests {
  private let hello = EmbeddedServer.frame(Array("hello".utf8))

  @Test("what is not gRPC is answered by HTTP: 415 and 405")
  func notGRPC() throws {
    let server = try EmbeddedServer()
    for type in ["application/json", "text/plain", "application/grpc-web", "application/grpc+json"] {
      #expect(try server.call("Unary", hello, replacing: ["content-type": type]).httpStatus == "415", "\(type)")
    }
    for type in ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"] {
      #expect(try server.call("Unary", hello, replacing: ["content-type": type]).status == 0, "\(type)")
    }
    #expect(try server.call("Unary", hello, replacing: [":method": "GET"]).httpStatus == "405")
  }

  @Test("a request that is not well-formed costs its own call only")
  func malformed() throws {
    let server = try EmbeddedServer()
    #expect(try server.call("Unary", hello, extra: [("grpc-timeout", "1x")]).status == 13)
    #expect(try server.call("Unary", hello, extra: [("grpc-encoding", "br")]).status == 12)
    #expect(try server.call("Unary", hello, extra: [("x-bin", "%%%")]).status == 13)
    #expect(try server.call("Nothing", hello).status == 12)
    #expect(try server.call("Unary", hello + hello).status == 13)
    #expect(try server.call("Unary", []).status == 13)
    #expect(try server.call("Unary", hello.dropLast()).status == 13)
    #expect(try server.call("Chat", hello + hello.dropLast()).status == 13)
    #expect(try server.call("Unary", [1] + hello.dropFirst()).status == 13)
    #expect(try server.call("Unary", [0, 0xFF, 0xFF, 0xFF, 0xFF]).status == 8)
    #expect(try server.call("Unary", EmbeddedServer.frame([0xFF])).status == 3)
    #expect(try server.call("Unary", hello, extra: [("grpc-timeout", "99999999H")]).message == Array("hello".utf8))
  }

  @Test("padded and unpadded base64 is taken, as one value or several")
  func binaryMetadata() throws {
    let server = try EmbeddedServer()
    for text in ["AQI", "AQI=", "AQI,AQI="] {
      #expect(try server.call("Unary", hello, extra: [("x-bin", text)]).headers["x-bin"] == "AQI", "\(text)")
    }
  }

  @Test("a request may be cut at every byte", arguments: ["Unary", "Chat", "Collect"])
  func cuts(method: String) throws {
    let server = try EmbeddedServer()
    for cut in 0...hello.count {
      let stream = server.open(method)
      server.send(stream, Array(hello[..<cut]))
      try server.exchange()
      server.send(stream, Array(hello[cut...]))
      if cut % 2 == 0 { try server.exchange() }
      server.end(stream)
      try server.exchange()
      #expect(server.responses[stream.id]?.status == 0)
      #expect(server.responses[stream.id]?.closed == .noError)
    }
  }

  @Test("requests that arrive together are answered in one write")
  func oneWrite() throws {
    let server = try EmbeddedServer()
    let before = server.writes
    let streams = (0..<100).map { _ in server.open("Unary") }
    for stream in streams {
      server.send(stream, hello)
      server.end(stream)
    }
    try server.exchange()
    #expect(streams.allSatisfy { server.responses[$0.id]?.status == 0 })
    // Its answers, and the acknowledgement of nothing else.
    #expect(server.writes - before <= 2)
  }

  @Test("a connection may not make the server hold more requests than its limit")
  func heldRequests() throws {
    var limits = ServerLimits()
    limits.maxBufferedRequests = 100_000
    let server = try EmbeddedServer(limits: limits)
    let large = EmbeddedServer.frame([UInt8](repeating: 1, count: 60_000))
    let first = server.open("Unary")
    let second = server.open("Unary")
    server.send(first, Array(large.dropLast()))
    try server.exchange()
    server.send(second, Array(large.dropLast()))
    try server.exchange()
    #expect(server.responses[first.id]?.status == nil)
    #expect(server.responses[second.id]?.status == 8)
    server.send(first, Array(large.suffix(1)))
    server.end(first)
    try server.exchange()
    #expect(server.responses[first.id]?.status == 0)
    #expect(try server.call("Unary", large).status == 0)
  }

  @Test("a client that does not open its windows is refused further answers, not given memory")
  func unreadAnswers() throws {
    var limits = ServerLimits()
    limits.maxBufferedResponses = 100_000
    var closedWindows = HTTP2Limits()
    closedWindows.initialStreamWindow = 0
    let server = try EmbeddedServer(limits: limits, clientLimits: closedWindows)
    let body = EmbeddedServer.frame([UInt8](repeating: 1, count: 60_000))
    #expect(try server.call("Unary", body).status == nil)
    #expect(try server.call("Unary", body).status == 8)
  }

  @Test("a flood of pings ends the connection with ENHANCE_YOUR_CALM")
  func pings() throws {
    let server = try EmbeddedServer()
    for number in 0..<2_000 as Range<UInt64> { server.client.ping(number) }
    try server.exchange()
    #expect(server.goAway == .enhanceYourCalm)
    #expect(!server.channel.isActive)
  }

  @Test("a lost connection cancels its calls")
  func lost() throws {
    let server = try EmbeddedServer()
    for _ in 0..<3 {
      let stream = server.open("Hold")
      server.send(stream, hello)
      server.end(stream)
    }
    _ = server.open("Chat")
    try server.exchange()
    #expect(server.service.taken.count == 3)
    _ = try server.channel.finish(acceptAlreadyClosed: true)
    #expect(server.service.cancelled.count == 4)
    #expect(server.service.releaseHeld() == 3)
  }
}

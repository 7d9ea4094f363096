import Messages
import Testing

@testable import GRPC

@Suite struct ServerCallStateTests {
  @Test("a call is answered once")
  func once() {
    var state = ServerCallState(kind: .unary)
    #expect(state.responseReady() == .sendHeadersAndMessage)
    #expect(state.statusReady() == .sendTrailers)
    #expect(state.responseReady() == .ignore)
    #expect(state.statusReady() == .ignore)
    #expect(state.streamClosed() == false)
  }

  @Test("an error without a response is trailers only")
  func trailersOnly() {
    var state = ServerCallState(kind: .bidirectional)
    #expect(state.statusReady() == .sendTrailersOnly)
    #expect(state.isEnded)
  }

  @Test("headers are sent once, before the first message")
  func headers() {
    var state = ServerCallState(kind: .serverStreaming)
    #expect(state.headersReady() == true)
    #expect(state.headersReady() == false)
    #expect(state.responseReady() == .sendMessage)
  }

  @Test("a stream that closes before the answer cuts the call short")
  func cut() {
    var state = ServerCallState(kind: .unary)
    #expect(state.streamClosed() == true)
    #expect(state.statusReady() == .ignore)
  }

  @Test("a call with one request takes exactly one", arguments: [RPCKind.unary, .serverStreaming])
  func one(kind: RPCKind) throws {
    var state = ServerCallState(kind: kind)
    #expect(throws: Status.self) { try state.requestsEnded() }
    state = ServerCallState(kind: kind)
    try state.requestArrived()
    #expect(throws: Status.self) { try state.requestArrived() }
  }

  @Test("a call with many requests takes any number", arguments: [RPCKind.clientStreaming, .bidirectional])
  func many(kind: RPCKind) throws {
    var state = ServerCallState(kind: kind)
    for _ in 0..<10 { try state.requestArrived() }
    try state.requestsEnded()
    #expect(state.isRequestEnded)
  }
}

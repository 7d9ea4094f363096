import Testing

@testable import GRPC

@Suite struct ConnectionWatchTests {
  private let second: UInt64 = 1_000_000_000

  private func make(_ change: (inout ServerLimits) -> Void = { _ in }) -> ConnectionWatch {
    var limits = ServerLimits()
    limits.timeToFirstRequest = nil
    limits.keepaliveInterval = nil
    limits.idleTimeout = nil
    change(&limits)
    return ConnectionWatch(limits: limits, now: 0)
  }

  private func tick(
    _ watch: inout ConnectionWatch, _ seconds: UInt64, streams: Int = 0, headers: Bool = false, writable: Bool = true
  ) -> ConnectionWatch.Action {
    watch.tick(now: seconds * second, openStreams: streams, isReceivingHeaders: headers, isWritable: writable)
  }

  @Test("a connection without a request in time is closed, one with a request is not")
  func firstRequest() {
    var silent = make { $0.timeToFirstRequest = .seconds(30) }
    var busy = silent
    busy.requestArrived()
    #expect(tick(&silent, 29) == .nothing)
    #expect(tick(&silent, 30) == .close(reason: "no request came in time"))
    #expect(tick(&busy, 30) == .nothing)
  }

  @Test("a header block that takes too long is closed, several that do not are fine")
  func slowHeaders() {
    var watch = make()
    #expect(tick(&watch, 1, headers: true) == .nothing)
    #expect(tick(&watch, 2, headers: false) == .nothing)
    #expect(tick(&watch, 3, headers: true) == .nothing)
    #expect(tick(&watch, 12, headers: true) == .nothing)
    #expect(tick(&watch, 13, headers: true) == .close(reason: "a header block took too long"))
  }

  @Test("a silent peer is pinged, and closed when it does not answer")
  func keepalive() {
    var watch = make { $0.keepaliveInterval = .seconds(60) }
    #expect(tick(&watch, 59) == .nothing)
    #expect(tick(&watch, 60) == .ping)
    #expect(tick(&watch, 79) == .nothing)
    var answered = watch
    #expect(tick(&watch, 80) == .close(reason: "a ping was not answered"))
    answered.received(now: 79 * second)
    #expect(tick(&answered, 80) == .nothing)
    #expect(tick(&answered, 139) == .ping)
  }

  @Test("an idle connection is drained, one with calls is not")
  func idle() {
    var watch = make { $0.idleTimeout = .seconds(10) }
    watch.requestArrived()
    #expect(tick(&watch, 20, streams: 1) == .nothing)
    watch.becameIdle(now: 20 * second)
    #expect(tick(&watch, 29) == .nothing)
    #expect(tick(&watch, 30) == .announceShutdown)
  }

  @Test("a drain announces, refuses after the answer, and closes after its grace")
  func drain() {
    var watch = make()
    #expect(watch.drain(now: 0) == .announceShutdown)
    #expect(watch.drain(now: 0) == .nothing)
    #expect(watch.pingAcknowledged() == .refuseNewStreams)
    #expect(watch.pingAcknowledged() == .nothing)
    #expect(tick(&watch, 59, streams: 1) == .nothing)
    #expect(tick(&watch, 60, streams: 1) == .close(reason: "draining took too long"))
  }

  @Test("a drain goes on although the peer does not answer, and at the connection's age")
  func silentDrain() {
    var watch = make { $0.maxConnectionAge = .seconds(100) }
    #expect(tick(&watch, 99, streams: 1) == .nothing)
    #expect(tick(&watch, 100, streams: 1) == .announceShutdown)
    #expect(tick(&watch, 101, streams: 1) == .refuseNewStreams)
  }

  @Test("a peer that does not read is closed")
  func unreadable() {
    var watch = make()
    #expect(tick(&watch, 1, writable: false) == .nothing)
    #expect(tick(&watch, 60, writable: false) == .nothing)
    #expect(tick(&watch, 61, writable: false) == .close(reason: "the peer does not read"))
  }
}

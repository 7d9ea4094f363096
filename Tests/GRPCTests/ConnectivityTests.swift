import Testing

@testable import GRPC

@Suite struct ConnectivityTests {
  private func make(_ targets: Int) -> Connectivity {
    var limits = ClientLimits()
    limits.firstBackoff = .milliseconds(100)
    limits.maxBackoff = .seconds(1)
    return Connectivity(targets: targets, limits: limits)
  }

  @Test("nothing is tried before a call, and one attempt serves all calls")
  func lazy() {
    var connectivity = make(1)
    #expect(connectivity.state == .idle)
    #expect(connectivity.callArrived() == .connect(target: 0))
    #expect(connectivity.callArrived() == .wait)
    connectivity.connected()
    #expect(connectivity.callArrived() == .use)
  }

  @Test("every target is tried, then there is a pause that grows to its limit")
  func pauses() {
    var connectivity = make(2)
    #expect(connectivity.callArrived() == .connect(target: 0))
    var pauses: [UInt64] = []
    for _ in 0..<10 {
      #expect(connectivity.connectFailed(jitter: 0.5) == .connect(target: 1))
      guard case .pause(let pause) = connectivity.connectFailed(jitter: 0.5) else {
        Issue.record("there was no pause")
        return
      }
      pauses.append(pause)
      #expect(connectivity.callArrived() == .failUnlessWaiting)
      #expect(connectivity.pauseEnded(callsWait: true) == 0)
    }
    #expect(pauses.first == 100_000_000)
    #expect(pauses[1] == 160_000_000)
    #expect(pauses.last == 1_000_000_000)
    #expect(pauses == pauses.sorted())
  }

  @Test("jitter stays within a fifth")
  func jitter() {
    for (jitter, expected) in [(0.0, 80_000_000), (1.0, 120_000_000)] as [(Double, UInt64)] {
      var connectivity = make(1)
      _ = connectivity.callArrived()
      #expect(connectivity.connectFailed(jitter: jitter) == .pause(expected))
    }
  }

  @Test("after a pause nothing is tried unless a call waits")
  func pauseWithoutCalls() {
    var connectivity = make(1)
    _ = connectivity.callArrived()
    _ = connectivity.connectFailed(jitter: 0)
    #expect(connectivity.pauseEnded(callsWait: false) == nil)
    #expect(connectivity.state == .idle)
    #expect(connectivity.callArrived() == .connect(target: 0))
  }

  @Test("the target that worked is tried first, and the next one after it said goodbye")
  func preference() {
    var connectivity = make(3)
    _ = connectivity.callArrived()
    _ = connectivity.connectFailed(jitter: 0)
    connectivity.connected()
    connectivity.lostConnection(isLeaving: false)
    #expect(connectivity.callArrived() == .connect(target: 1))
    connectivity.connected()
    connectivity.lostConnection(isLeaving: true)
    #expect(connectivity.callArrived() == .connect(target: 2))
  }

  @Test("a closed channel refuses calls")
  func closed() {
    var connectivity = make(1)
    connectivity.closed()
    #expect(connectivity.callArrived() == .closed)
    #expect(connectivity.connectFailed(jitter: 0) == .nothing)
  }
}

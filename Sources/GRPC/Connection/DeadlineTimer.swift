import NIOCore

/// One timer for the deadlines of all calls of a connection: set to the earliest, re-set when it fires. Event loop only.
struct DeadlineTimer {
  private var scheduled: Scheduled<Void>?
  private var earliest = UInt64.max

  /// A call with this deadline (uptime, nanoseconds) has begun.
  mutating func add(_ deadline: UInt64, on connection: any DeadlineConnection) {
    guard deadline < earliest else { return }
    scheduled?.cancel()
    earliest = deadline
    let loopBound = NIOLoopBound<any DeadlineConnection>(connection, eventLoop: connection.loop.eventLoop)
    scheduled = connection.loop.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline)) {
      let connection = loopBound.value
      connection.deadlines.fired()
      if let next = connection.endExpiredCalls(now: NIODeadline.now().uptimeNanoseconds) {
        connection.deadlines.add(next, on: connection)
      }
    }
  }

  private mutating func fired() {
    scheduled = nil
    earliest = .max
  }

  mutating func cancel() {
    scheduled?.cancel()
    fired()
  }
}

/// A connection whose calls have deadlines.
protocol DeadlineConnection: AnyObject {
  var loop: ConnectionLoop { get }
  var deadlines: DeadlineTimer { get set }
  /// Ends the calls whose deadline has passed; returns the earliest of the others.
  func endExpiredCalls(now: UInt64) -> UInt64?
}

extension SessionConnection: DeadlineConnection {}

extension Duration {
  /// Whole nanoseconds, saturating; a negative duration is zero.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product &+ UInt64(attoseconds / 1_000_000_000)
  }
}

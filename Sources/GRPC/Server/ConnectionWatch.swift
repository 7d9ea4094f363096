/// When a server pings, drains or closes a connection. A value without I/O; times are uptime in nanoseconds.
struct ConnectionWatch {
  enum Action: Equatable {
    case nothing
    case ping
    /// Announce the end, and ping: the answer proves that the peer knows.
    case announceShutdown
    case refuseNewStreams
    case close(reason: String)
  }

  private enum Drain {
    case none
    case announced(at: UInt64)
    case refusing(since: UInt64)
  }

  static let keepalivePing: UInt64 = 0x6b65_6570
  static let drainPing: UInt64 = 0x6472_6169

  private let limits: ServerLimits
  private let began: UInt64
  private var lastReceived: UInt64
  private var pingSent: UInt64?
  private var idleSince: UInt64
  private var headersSince: UInt64?
  private var unwritableSince: UInt64?
  private var hasRequest = false
  private var drain = Drain.none

  init(limits: ServerLimits, now: UInt64) {
    self.limits = limits
    began = now
    lastReceived = now
    idleSince = now
  }

  mutating func received(now: UInt64) {
    lastReceived = now
    pingSent = nil
  }

  mutating func requestArrived() { hasRequest = true }

  mutating func becameIdle(now: UInt64) { idleSince = now }

  mutating func pingAcknowledged() -> Action {
    guard case .announced(let at) = drain else { return .nothing }
    drain = .refusing(since: at)
    return .refuseNewStreams
  }

  mutating func drain(now: UInt64) -> Action {
    guard case .none = drain else { return .nothing }
    drain = .announced(at: now)
    return .announceShutdown
  }

  mutating func tick(now: UInt64, openStreams: Int, isReceivingHeaders: Bool, isWritable: Bool) -> Action {
    headersSince = isReceivingHeaders ? headersSince ?? now : nil
    unwritableSince = isWritable ? nil : unwritableSince ?? now
    if let reason = reasonToClose(now: now) { return .close(reason: reason) }
    switch drain {
    case .announced(let at):
      // The peer did not answer the ping in time: go on without.
      if now - at >= 1_000_000_000 {
        drain = .refusing(since: at)
        return .refuseNewStreams
      }
    case .refusing(let since):
      if now - since >= limits.drainGrace.nanoseconds { return .close(reason: "draining took too long") }
    case .none:
      if let age = limits.maxConnectionAge, now - began >= age.nanoseconds { return drain(now: now) }
      if openStreams == 0, hasRequest, let idle = limits.idleTimeout, now - idleSince >= idle.nanoseconds {
        return drain(now: now)
      }
    }
    if let interval = limits.keepaliveInterval, pingSent == nil, now - lastReceived >= interval.nanoseconds {
      pingSent = now
      return .ping
    }
    return .nothing
  }

  private func reasonToClose(now: UInt64) -> String? {
    if let limit = limits.timeToFirstRequest, !hasRequest, now - began >= limit.nanoseconds {
      return "no request came in time"
    }
    if let limit = limits.headerTimeout, let headersSince, now - headersSince >= limit.nanoseconds {
      return "a header block took too long"
    }
    if let pingSent, now - pingSent >= limits.keepaliveTimeout.nanoseconds { return "a ping was not answered" }
    if let limit = limits.stalledReplyTimeout, let unwritableSince, now - unwritableSince >= limit.nanoseconds {
      return "the peer does not read"
    }
    return nil
  }
}

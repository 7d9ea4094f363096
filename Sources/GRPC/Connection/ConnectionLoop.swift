import NIOCore
import Synchronization

/// What one event loop has to do for its connections, gathered so that it costs one hop and one write a connection.
///
/// Sendable by this division: `inbox` is synchronized; everything else is touched on `eventLoop` only.
final class ConnectionLoop: @unchecked Sendable {
  let eventLoop: any EventLoop
  private let inbox = Mutex<[LoopWork]>([])

  // Event loop.
  @exclusivity(unchecked) private var connections: [ObjectIdentifier: any LoopConnection] = [:]
  @exclusivity(unchecked) private var dirty: [any LoopConnection] = []
  @exclusivity(unchecked) private var openBatches = 0
  @exclusivity(unchecked) private var isFlushScheduled = false
  private var ticker: RepeatedTask?
  private let tickInterval: TimeAmount

  init(eventLoop: any EventLoop, tickInterval: TimeAmount) {
    self.eventLoop = eventLoop
    self.tickInterval = tickInterval
  }

  /// Hands work over from any thread. Work that is handed over before the loop gets to it is done in one go.
  func post(_ work: LoopWork) {
    let isFirst = inbox.withLock { inbox in
      inbox.append(work)
      return inbox.count == 1
    }
    guard isFirst else { return }
    if let handover = LoopHandover.current { handover.add(self) } else { wake() }
  }

  /// Has the loop take what is in the inbox.
  func wake() { eventLoop.execute { self.drainInbox() } }

  private func drainInbox() {
    let work = inbox.withLock { inbox in
      defer { inbox.removeAll(keepingCapacity: inbox.capacity <= 1_024) }
      return inbox
    }
    beginBatch()
    for item in work { item.run() }
    endBatch()
  }

  // MARK: Event loop

  /// Until `endBatch`, output is only gathered.
  func beginBatch() { openBatches += 1 }

  func endBatch() {
    openBatches -= 1
    if openBatches == 0 { flushDirty() }
  }

  /// The connection has output: it is flushed at the end of the batch, or soon if there is none.
  func markDirty(_ connection: any LoopConnection) {
    dirty.append(connection)
    guard openBatches == 0, !isFlushScheduled else { return }
    isFlushScheduled = true
    eventLoop.execute {
      self.isFlushScheduled = false
      self.flushDirty()
    }
  }

  private func flushDirty() {
    openBatches += 1
    var index = 0
    while index < dirty.count {
      dirty[index].flushOutput()
      index += 1
    }
    dirty.removeAll(keepingCapacity: true)
    openBatches -= 1
  }

  func add(_ connection: any LoopConnection) {
    connections[ObjectIdentifier(connection)] = connection
    guard ticker == nil else { return }
    ticker = eventLoop.scheduleRepeatedTask(initialDelay: tickInterval, delay: tickInterval) { [weak self] _ in
      self?.tick()
    }
  }

  func remove(_ connection: any LoopConnection) {
    connections[ObjectIdentifier(connection)] = nil
    if connections.isEmpty {
      ticker?.cancel()
      ticker = nil
    }
  }

  var allConnections: [any LoopConnection] { Array(connections.values) }

  private func tick() {
    let now = NIODeadline.now().uptimeNanoseconds
    beginBatch()
    for connection in allConnections { connection.tick(now: now) }
    endBatch()
  }
}

/// A connection as its loop sees it.
protocol LoopConnection: AnyObject {
  /// Sends what is due, in as few writes as possible.
  func flushOutput()
  /// Called at a steady pace; `now` is uptime in nanoseconds.
  func tick(now: UInt64)
}

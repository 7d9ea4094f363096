import TestSupport
import Testing

@testable import Store

@Suite("Choosing lanes")
struct LaneRouterTests {
  private let quiet = Tenant(namespace: "quiet", queue: "default")
  private let busy = Tenant(namespace: "busy", queue: "default")

  /// Two lanes and the express lane, number 2, that a busy tenant keeps busy.
  private func busyRouter() -> LaneRouter {
    var router = LaneRouter(lanes: 2, share: FairShare(due: 4, memory: 64))
    for key in 100..<104 as Range<UInt64> { #expect(router.begin(key, of: busy).lane < 2) }
    return router
  }

  @Test("an operation follows those of its key that are under way, whatever tenant it names")
  func follows() {
    var router = busyRouter()
    let unnamed = router.begin(1, of: .unknown)
    #expect(unnamed.lane < 2)
    #expect(router.begin(1, of: quiet) == unnamed)
    let express = router.begin(2, of: quiet)
    #expect(express == .init(lane: 2, tenant: quiet))
    #expect(router.begin(2, of: .unknown) == express)
    #expect(router.begin(2, of: busy) == express)
    router.end(2)
    router.end(2)
    #expect(router.begin(2, of: busy) == express)
  }

  @Test("a key with nothing under way may go another way")
  func movesOver() {
    var router = busyRouter()
    let unnamed = router.begin(1, of: .unknown)
    router.end(1)
    #expect(router.begin(1, of: quiet).lane == 2)
    router.end(1)
    #expect(router.begin(1, of: .unknown) == unnamed)
  }

  @Test("forgets a key with its last operation")
  func forgets() {
    var router = LaneRouter(lanes: 2)
    for _ in 0..<3 { _ = router.begin(7, of: quiet) }
    #expect(router.keyCount == 1)
    for _ in 0..<3 { router.end(7) }
    #expect(router.keyCount == 0)
  }

  @Test("a thousand random histories: operations of a key are carried out in the order they were submitted in")
  func order() {
    var changedOver = 0
    for seed in 0..<1_000 as Range<UInt64> {
      var lanes = RandomLanes(seed: seed)
      for _ in 0..<300 { lanes.step() }
      lanes.drain()
      #expect(lanes.disorder == nil, "seed \(seed)")
      #expect(lanes.carriedOut + lanes.expired == lanes.submitted, "seed \(seed)")
      #expect(lanes.router.keyCount == 0, "seed \(seed)")
      changedOver += lanes.changedOver
    }
    // It was to the point: keys did change between the express lane and the others.
    #expect(changedOver > 10_000)
  }
}

/// A router and the queues of its lanes, in a random history: tenants are quiet and busy by turns; operations name their
/// tenant, another one or none; lanes carry out batches, whole or in parts, and give up what waited too long.
private struct RandomLanes {
  typealias Pending = PendingOperation<Int, Void>

  private(set) var router = LaneRouter(lanes: 2, share: FairShare(due: 4, room: 12, memory: 48))
  private(set) var submitted = 0
  private(set) var carriedOut = 0
  private(set) var expired = 0
  /// How often a key came to the express lane from another one, or the other way.
  private(set) var changedOver = 0
  /// The first operation that was carried out after a later one of its key.
  private(set) var disorder: Int?
  private var queues = [BatchQueue<Int, Void>](repeating: BatchQueue(), count: 3)
  private var batches = [[Pending]](repeating: [], count: 3)
  private var last: [UInt64: Int] = [:]
  private var lastLane: [UInt64: Int] = [:]
  private var burst = [1, 1, 1, 1]
  private var generator: SeededGenerator
  private let start = ContinuousClock.now

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func step() {
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<5: burst[.random(in: 0..<4, using: &generator)] = Bool.random(using: &generator) ? 1 : 12
    case 5..<50: submit()
    case 50..<52: giveUp()
    default: work(.random(in: 0..<3, using: &generator))
    }
  }

  mutating func drain() {
    for lane in 0..<3 { while !queues[lane].isEmpty || !batches[lane].isEmpty { work(lane) } }
  }

  private mutating func submit() {
    let owner = Int.random(in: 0..<4, using: &generator)
    for _ in 0..<burst[owner] {
      let key = UInt64(owner * 8 + Int.random(in: 0..<8, using: &generator))
      let named = [owner, owner, owner, (owner + 1) % 4, nil].randomElement(using: &generator)!
      let tenant = named.map { Tenant(namespace: "\($0)", queue: "default") } ?? .unknown
      let route = router.begin(key, of: tenant)
      if let previous = lastLane.updateValue(route.lane, forKey: key), previous != route.lane { changedOver += 1 }
      // Deadlines are not in order of arrival.
      let deadline = start + .seconds(Int.random(in: 0..<100, using: &generator))
      queues[route.lane].append(contentsOf: [
        Pending(
          operation: submitted, key: key, isExclusive: Bool.random(using: &generator), bytes: 1, tenant: route.tenant,
          deadline: deadline
        ) { _ in }
      ])
      submitted += 1
    }
  }

  private mutating func giveUp() {
    let lane = Int.random(in: 0..<3, using: &generator)
    for pending in queues[lane].takeExpired(at: start + .seconds(10)) {
      expired += 1
      router.end(pending.key)
    }
  }

  /// A lane takes its next batch, or carries out the one it has, or the first part of it.
  private mutating func work(_ lane: Int) {
    guard !batches[lane].isEmpty else { return batches[lane] = queues[lane].takeBatch(BatchLimits(maxOperations: 20)) }
    let count = Bool.random(using: &generator) ? batches[lane].count : (batches[lane].count + 1) / 2
    for pending in batches[lane].prefix(count) {
      if let last = last[pending.key], last > pending.operation { disorder = disorder ?? pending.operation }
      last[pending.key] = pending.operation
    }
    for pending in batches[lane].prefix(count) { router.end(pending.key) }
    carriedOut += count
    batches[lane].removeFirst(count)
  }
}

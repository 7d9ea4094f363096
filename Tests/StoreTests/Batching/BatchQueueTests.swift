import TestSupport
import Testing

@testable import Store

@Suite("The choice of a batch")
struct BatchQueueTests {
  private func queue(_ operations: [(key: UInt64, isExclusive: Bool)]) -> BatchQueue<Int, Void> {
    var queue = BatchQueue<Int, Void>()
    queue.append(
      contentsOf: operations.enumerated().map { index, operation in
        PendingOperation(
          operation: index, key: operation.key, isExclusive: operation.isExclusive, bytes: 1, tenant: .unknown,
          deadline: .now
        ) { _ in }
      })
    return queue
  }

  @Test("takes everything that waits, in order")
  func all() {
    var queue = queue((0..<100).map { (UInt64($0 % 7), false) })
    #expect(queue.takeBatch(BatchLimits()).map(\.operation) == Array(0..<100))
    #expect(queue.isEmpty)
  }

  @Test("takes one exclusive operation a key, and nothing of that key after one that waits")
  func exclusive() {
    var queue = queue([(1, true), (2, true), (1, false), (1, true), (1, false), (2, false), (1, true)])
    #expect(queue.takeBatch(BatchLimits()).map(\.operation) == [0, 1, 2, 5])
    #expect(queue.takeBatch(BatchLimits()).map(\.operation) == [3, 4])
    #expect(queue.takeBatch(BatchLimits()).map(\.operation) == [6])
    #expect(queue.isEmpty)
  }

  @Test("closes a batch at its limits of operations and of bytes")
  func limits() {
    var queue = queue((0..<10).map { (UInt64($0), true) })
    #expect(queue.takeBatch(BatchLimits(maxOperations: 4)).count == 4)
    #expect(queue.takeBatch(BatchLimits(maxBatchBytes: 2)).map(\.operation) == [4, 5, 6])
    #expect(queue.takeBatch(BatchLimits()).count == 3)
  }

  @Test("looks through a bounded number of operations of one key")
  func bounded() {
    var queue = queue((0..<1000).map { _ in (1, true) })
    for expected in 0..<1000 {
      #expect(queue.takeBatch(BatchLimits(maxOperations: 8)).map(\.operation) == [expected])
    }
  }

  @Test("keeps the order of every key, whatever is exclusive")
  func order() {
    var generator = SeededGenerator(seed: 7)
    let operations = (0..<2000).map { _ in
      (key: UInt64.random(in: 0..<20, using: &generator), isExclusive: Bool.random(using: &generator))
    }
    var queue = queue(operations)
    var last: [UInt64: Int] = [:]
    var count = 0
    while !queue.isEmpty {
      let batch = queue.takeBatch(BatchLimits(maxOperations: 50))
      #expect(!batch.isEmpty)
      for pending in batch {
        #expect(last[pending.key] ?? -1 < pending.operation)
        last[pending.key] = pending.operation
        count += 1
      }
      let exclusive = batch.filter(\.isExclusive).map(\.key)
      #expect(Set(exclusive).count == exclusive.count)
    }
    #expect(count == 2000)
  }

  @Test("tenants take turns in a batch that cannot hold everything, and each one's operations keep their order")
  func turns() {
    let tenants = (0..<3).map { Tenant(namespace: "\($0)", queue: "default") }
    var queue = BatchQueue<Int, Void>()
    let operations = (0..<3_000).map { number in
      PendingOperation<Int, Void>(
        operation: number, key: UInt64(number), isExclusive: true, bytes: 1,
        tenant: number < 2_900 ? tenants[0] : tenants[1 + number % 2], deadline: .now
      ) { _ in }
    }
    queue.append(contentsOf: operations)
    let first = queue.takeBatch(BatchLimits(maxOperations: 96))
    #expect(tenants.map { tenant in first.count { $0.tenant == tenant } } == [32, 32, 32])
    var rest = first
    while !queue.isEmpty { rest += queue.takeBatch(BatchLimits(maxOperations: 96)) }
    #expect(rest.count == 3_000)
    for tenant in tenants {
      let numbers = rest.filter { $0.tenant == tenant }.map(\.operation)
      #expect(numbers == numbers.sorted())
    }
  }

  @Test("those whose time is over are taken from every tenant")
  func expired() {
    let tenants = (0..<2).map { Tenant(namespace: "\($0)", queue: "default") }
    var queue = BatchQueue<Int, Void>()
    let now = ContinuousClock.now
    queue.append(
      contentsOf: (0..<8).map { number in
        PendingOperation<Int, Void>(
          operation: number, key: 1, isExclusive: false, bytes: 1, tenant: tenants[number / 4],
          deadline: number % 4 < 2 || number > 4 ? now : now + .seconds(60)
        ) { _ in }
      })
    #expect(queue.takeExpired(at: now).map(\.operation).sorted() == [0, 1, 4, 5, 6, 7])
    #expect(queue.takeBatch(BatchLimits()).map(\.operation).sorted() == [2, 3])
    #expect(queue.isEmpty)
  }
}

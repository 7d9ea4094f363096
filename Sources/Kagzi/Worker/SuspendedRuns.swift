/// The runs whose functions wait in memory, least recently suspended first. Every operation is O(1), amortized.
struct SuspendedRuns {
  let limit: Int
  private var stamps: [String: UInt64] = [:]
  private var order: [(runID: String, stamp: UInt64)] = []
  private var head = 0
  private var lastStamp: UInt64 = 0

  init(limit: Int) {
    self.limit = limit
  }

  var count: Int { stamps.count }

  /// Adds a run; gives the one that has to leave, which may be the same.
  mutating func insert(_ runID: String) -> String? {
    lastStamp += 1
    stamps[runID] = lastStamp
    order.append((runID, lastStamp))
    return stamps.count > limit ? popOldest() : nil
  }

  /// Takes a run out; whether it was there.
  mutating func remove(_ runID: String) -> Bool {
    guard stamps.removeValue(forKey: runID) != nil else { return false }
    if order.count > 64, order.count > 4 * stamps.count { compact() }
    return true
  }

  mutating func removeAll() {
    self = SuspendedRuns(limit: limit)
  }

  private mutating func popOldest() -> String? {
    while head < order.count {
      let (runID, stamp) = order[head]
      head += 1
      guard stamps[runID] == stamp else { continue }
      stamps[runID] = nil
      if head > 64, head > order.count / 2 { compact() }
      return runID
    }
    return nil
  }

  private mutating func compact() {
    order = order[head...].filter { stamps[$0.runID] == $0.stamp }
    head = 0
  }
}

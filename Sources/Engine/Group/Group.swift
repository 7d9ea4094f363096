/// A parallel group: how it is joined, and the members counted so far. Pure; the store's statements carry the same rule
/// inside their guard, and a test compares the two.
package struct Group: Sendable, Hashable {
  /// The most members of one group.
  package static let memberLimit = 20_000

  package var strategy: GroupStrategy
  /// Zero: not known, members come one by one.
  package var memberCount: Int
  /// For a quorum: how many successes are wanted.
  package var quorum: Int
  package private(set) var succeeded: Int
  package private(set) var failed: Int

  package init(strategy: GroupStrategy, memberCount: Int, quorum: Int = 0, succeeded: Int = 0, failed: Int = 0) {
    self.strategy = strategy
    self.memberCount = memberCount
    self.quorum = quorum
    self.succeeded = succeeded
    self.failed = failed
  }

  /// Counts members that settled; cancelled ones count as failed.
  package mutating func count(succeeded: Int, failed: Int) {
    self.succeeded += succeeded
    self.failed += failed
  }

  /// What the counts decide; nil: the group is open. However members settle together, the verdict is the same.
  package var verdict: GroupVerdict? {
    switch strategy {
    case .failFast: failed > 0 ? .failed : isComplete ? .succeeded : nil
    case .collectAll: isComplete ? .succeeded : nil
    case .race: succeeded > 0 ? .succeeded : isComplete ? .failed : nil
    case .quorum: succeeded >= quorum ? .succeeded : failed > memberCount - quorum ? .failed : nil
    }
  }

  private var isComplete: Bool { memberCount > 0 && succeeded + failed >= memberCount }

  /// Why the group cannot be opened, for a person; nil: it can.
  package var flaw: String? {
    switch strategy {
    case _ where memberCount > Self.memberLimit: "has more than \(Self.memberLimit) members"
    case .race where memberCount == 0: "is a race without members: there is nobody to win it"
    case .quorum where memberCount == 0: "is a quorum without members"
    case .quorum where !(1...memberCount).contains(quorum):
      "wants a quorum of \(quorum): it must be 1 to its \(memberCount) members"
    default: nil
    }
  }
}

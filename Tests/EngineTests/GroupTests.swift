import Engine
import SeededRandom
import Testing

@Suite("Parallel groups")
struct GroupTests {
  @Test(
    "counted in any portions, a group is resolved when the naive model says so, and never otherwise", arguments: 0..<8)
  func model(seed: UInt64) {
    var random = Seeded(seed: seed)
    for _ in 0..<2_000 {
      let strategy = GroupStrategy.allCases.randomElement(using: &random)!
      let members = Int.random(in: 1...9, using: &random)
      let quorum = strategy == .quorum ? Int.random(in: 1...members, using: &random) : 0
      let isOpenEnded = strategy.rawValue < 3 && Bool.random(using: &random)
      var group = Group(strategy: strategy, memberCount: isOpenEnded ? 0 : members, quorum: quorum)
      #expect(group.flaw == nil)
      var outcomes: [Bool] = []
      while group.verdict == nil, outcomes.count < members {
        let portion = (0..<Int.random(in: 1...(members - outcomes.count), using: &random)).map { _ in
          Bool.random(using: &random)
        }
        group.count(succeeded: portion.count { $0 }, failed: portion.count { !$0 })
        outcomes += portion
        #expect(group.verdict == naive(strategy, isOpenEnded ? nil : members, quorum, outcomes))
      }
      if !isOpenEnded { #expect(group.verdict != nil, "all members settled") }
    }
  }

  /// The rules as the semantics say them, over the members one by one.
  private func naive(_ strategy: GroupStrategy, _ members: Int?, _ quorum: Int, _ outcomes: [Bool]) -> GroupVerdict? {
    let areAllSettled = members == outcomes.count
    switch strategy {
    case .failFast:
      if outcomes.contains(false) { return .failed }
      return areAllSettled ? .succeeded : nil
    case .collectAll: return areAllSettled ? .succeeded : nil
    case .race:
      if outcomes.contains(true) { return .succeeded }
      return areAllSettled ? .failed : nil
    case .quorum:
      let wins = outcomes.filter { $0 }.count
      if wins >= quorum { return .succeeded }
      let stillPossible = members! - outcomes.count
      return wins + stillPossible < quorum ? .failed : nil
    }
  }

  @Test(
    "groups that nobody can win, or that are too large, are flawed",
    arguments: [
      Group(strategy: .race, memberCount: 0), Group(strategy: .quorum, memberCount: 0, quorum: 1),
      Group(strategy: .quorum, memberCount: 3, quorum: 0), Group(strategy: .quorum, memberCount: 3, quorum: 4),
      Group(strategy: .collectAll, memberCount: 20_001), Group(strategy: .race, memberCount: 20_001),
    ])
  func flaws(group: Group) { #expect(group.flaw != nil) }

  @Test("the largest group and groups of unknown size are not flawed")
  func sound() {
    #expect(Group(strategy: .collectAll, memberCount: 20_000).flaw == nil)
    #expect(Group(strategy: .failFast, memberCount: 0).flaw == nil)
    #expect(Group(strategy: .quorum, memberCount: 3, quorum: 3).flaw == nil)
  }
}

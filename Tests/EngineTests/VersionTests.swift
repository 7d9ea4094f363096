import Engine
import Testing

@Suite("The version of new work")
struct VersionTests {
  private func table(
    _ defaultVersion: Int32, _ versions: (Int32, Double)..., deprecated: Set<Int32> = []
  ) -> VersionTable {
    VersionTable(
      defaultVersion: defaultVersion,
      versions: versions.map {
        VersionTable.Version(number: $0.0, isDeprecated: deprecated.contains($0.0), percent: $0.1)
      })
  }

  private func point(_ id: String, type: String = "order", kind: TaskKind = .workflow) -> RolloutPoint {
    RolloutPoint(namespace: "default", kind: kind, type: type, key: id)
  }

  @Test(
    "checklist 17: the hash of an id is what it always was",
    arguments: [
      ("default", TaskKind.workflow, "order", "order-1", 84.06768486319149),
      ("default", .workflow, "order", "order-2", 10.500363583742056),
      ("default", .activity, "order", "order-1", 51.32460427052651),
      ("default", .workflow, "order", "", 58.211469361278965),
      ("team.a", .workflow, "übung", "schlüssel/7", 70.16970965804316),
      ("default", .workflow, "order", "018f3b2a-7c1d-7e5f-8a9b-0c1d2e3f4a5b", 99.7160199070215),
    ])
  func golden(namespace: String, kind: TaskKind, type: String, key: String, expected: Double) {
    #expect(RolloutPoint(namespace: namespace, kind: kind, type: type, key: key).percent == expected)
  }

  @Test("checklist 17: 100,000 ids that differ by a number spread evenly, in each hundredth and by type")
  func distribution() {
    var hundredths = [Int](repeating: 0, count: 100)
    var both = 0
    for number in 0..<100_000 {
      let here = point("order-\(number)").percent
      #expect(here >= 0 && here < 100)
      hundredths[Int(here)] += 1
      if here < 10, point("order-\(number)", type: "refund").percent < 10 { both += 1 }
    }
    // Five standard deviations of 1,000 around 1,000.
    #expect(hundredths.allSatisfy { (840...1_160).contains($0) }, "\(hundredths)")
    // Types are independent: 10 % of 10 %.
    #expect((840...1_160).contains(both))
  }

  @Test("checklist 17: shares are met, and growing one moves ids to it only")
  func growth() {
    let ids = (0..<100_000).map { "id-\($0)" }
    func canary(_ percent: Double) -> Set<String> {
      let table = table(1, (1, 0), (2, percent))
      return Set(ids.filter { id in table.version { point(id) } == 2 })
    }
    let shares = [0.0, 0.1, 5, 10, 50, 100].map { canary($0) }
    for (share, percent) in zip(shares, [0.0, 0.1, 5, 10, 50, 100]) {
      #expect(abs(Double(share.count) - percent * 1_000) <= 5 * (percent * (100 - percent) * 10).squareRoot() + 0.5)
    }
    for (smaller, larger) in zip(shares, shares.dropFirst()) { #expect(smaller.isSubset(of: larger)) }
  }

  @Test("checklist 17: without weights, and for what is left of 100, the default is chosen")
  func defaults() {
    #expect(table(2, (1, 0), (2, 0)).version { point("x") } == 2)
    #expect(!table(2, (1, 0), (2, 0)).hasRollout)
    let three = table(3, (1, 20), (2, 30), (3, 0))
    var counts: [Int32: Int] = [:]
    for number in 0..<100_000 { counts[three.version { point("\(number)") }, default: 0] += 1 }
    #expect((19_000...21_000).contains(counts[1] ?? 0))
    #expect((29_000...31_000).contains(counts[2] ?? 0))
    #expect((49_000...51_000).contains(counts[3] ?? 0))
  }

  @Test("checklist 17: thirds that do not add up to exactly 100 leave no id without a version")
  func thirds() {
    let thirds = table(1, (2, 33.4), (3, 33.3), (4, 33.3))
    for number in 0..<10_000 { #expect(thirds.version { point("\(number)") } != 1) }
  }

  @Test("checklist 17: a deprecated version gets no share")
  func deprecatedShare() {
    #expect(table(1, (1, 0), (2, 100), deprecated: [2]).version { point("x") } == 1)
  }

  @Test("checklist 16: an explicit version must be registered and not deprecated")
  func explicit() {
    let versions = table(1, (1, 0), (2, 0), (3, 0), deprecated: [2])
    #expect(throws: Never.self) { try versions.check(3) }
    #expect(throws: VersionRefusal.deprecated(2)) { try versions.check(2) }
    #expect(throws: VersionRefusal.notRegistered(4)) { try versions.check(4) }
  }

  private static func weights(_ weights: (Int32, Double)...) -> [RolloutWeight] {
    weights.map { RolloutWeight(version: $0.0, percent: $0.1) }
  }

  @Test(
    "checklist 17: weights that cannot be are refused, each for its reason",
    arguments: [
      (weights((0, 5)), RolloutFlaw.version(0)),
      (weights((2, 5), (2, 5)), .twice(2)),
      (weights((2, -1)), .percent(-1, version: 2)),
      (weights((2, 100.1)), .percent(100.1, version: 2)),
      (weights((2, 60), (3, 50)), .total(110)),
    ])
  func flaws(weights: [RolloutWeight], expected: RolloutFlaw) {
    #expect(RolloutFlaw.first(in: weights) == expected)
    #expect(!expected.reason.isEmpty)
  }

  @Test("checklist 17: no weights, nought, thirds and a hundred are good; not-a-number is not")
  func goodWeights() {
    let third = 100.0 / 3
    #expect(RolloutFlaw.first(in: []) == nil)
    #expect(RolloutFlaw.first(in: Self.weights((1, 0), (2, 100))) == nil)
    #expect(RolloutFlaw.first(in: Self.weights((1, third), (2, third), (3, third))) == nil)
    #expect(RolloutFlaw.first(in: Self.weights((1, .nan))) != nil)
    #expect(RolloutFlaw.first(in: Self.weights((1, .infinity))) != nil)
  }
}

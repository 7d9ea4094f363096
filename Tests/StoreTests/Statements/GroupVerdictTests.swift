import Engine
import Postgres
import Store
import Testing

@Suite("The verdict in SQL")
struct GroupVerdictTests {
  @Test("is the engine's, over every strategy and count")
  func sameVerdict() async throws {
    var cases: [Group] = []
    for strategy in GroupStrategy.allCases {
      for members in 0...6 {
        for quorum in strategy == .quorum && members > 0 ? 1...members : 0...0 {
          for succeeded in 0...6 {
            for failed in 0...6 {
              cases.append(
                Group(strategy: strategy, memberCount: members, quorum: quorum, succeeded: succeeded, failed: failed))
            }
          }
        }
      }
    }
    cases = cases.filter { $0.flaw == nil }
    try await StoreFixture.with { [cases] store in
      let verdicts = try await store.read(Verdicts(groups: cases))
      #expect(verdicts.count == cases.count)
      for (group, verdict) in zip(cases, verdicts) { #expect(verdict == group.verdict, "\(group)") }
    }
  }
}

private struct Verdicts: PostgresStatement {
  let groups: [Group]

  static let name = ""
  static let sql = """
    SELECT (\(GroupVerdictExpression.verdict(
      strategy: "s", memberCount: "m", quorum: "q", succeeded: "g", failed: "b")))::smallint
      FROM unnest($1::smallint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[]) WITH ORDINALITY
           AS i (s, m, q, g, b, position)
     ORDER BY position
    """

  func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(groups) { $0.strategy.rawValue }
    parameters.bindArray(groups) { Int32($0.memberCount) }
    parameters.bindArray(groups) { Int32($0.quorum) }
    parameters.bindArray(groups) { Int32($0.succeeded) }
    parameters.bindArray(groups) { Int32($0.failed) }
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> GroupVerdict? {
    try row.optionalInt16(0).flatMap { GroupVerdict(rawValue: $0) }
  }
}

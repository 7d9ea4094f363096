package import Engine
internal import Postgres

/// A parallel group as the API shows it and as a worker gets it.
package struct GroupRow: Sendable {
  package var key: String
  package var verdict: GroupVerdict?
  package var winner: String?
  package var failedStep: String?
  package var succeeded: Int32
  package var failed: Int32

  package init(
    key: String, verdict: GroupVerdict?, winner: String?, failedStep: String?, succeeded: Int32, failed: Int32
  ) {
    self.key = key
    self.verdict = verdict
    self.winner = winner
    self.failedStep = failedStep
    self.succeeded = succeeded
    self.failed = failed
  }

  /// Columns from `groups g`.
  internal static let columns = "g.group_key, g.verdict, g.winner, g.failed_step, g.succeeded, g.failed"

  /// - Parameter first: the column of the key.
  internal init(_ row: borrowing PostgresRow, from first: Int = 0) throws(PostgresDecodingError) {
    self.init(
      key: try row.string(first), verdict: nil, winner: try row.optionalString(first + 2),
      failedStep: try row.optionalString(first + 3), succeeded: try row.int32(first + 4),
      failed: try row.int32(first + 5))
    guard let number = try row.optionalInt16(first + 1) else { return }
    guard let verdict = GroupVerdict(rawValue: number) else { throw .malformed(column: first + 1) }
    self.verdict = verdict
  }
}

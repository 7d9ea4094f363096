internal import Engine

/// The rule of `Group.verdict` in SQL: inside the guard of every statement that counts members.
package enum GroupVerdictExpression {
  /// An expression over a row of `groups`; NULL while it is open.
  package static func verdict(
    strategy: String, memberCount: String, quorum: String, succeeded: String, failed: String
  ) -> String {
    """
    CASE \(strategy)
      WHEN 1 THEN CASE WHEN \(failed) > 0 THEN 2 WHEN \(memberCount) > 0 AND \(succeeded) + \(failed) >= \(memberCount) THEN 1 END
      WHEN 2 THEN CASE WHEN \(memberCount) > 0 AND \(succeeded) + \(failed) >= \(memberCount) THEN 1 END
      WHEN 3 THEN CASE WHEN \(succeeded) > 0 THEN 1 WHEN \(memberCount) > 0 AND \(succeeded) + \(failed) >= \(memberCount) THEN 2 END
      WHEN 4 THEN CASE WHEN \(succeeded) >= \(quorum) THEN 1 WHEN \(failed) > \(memberCount) - \(quorum) THEN 2 END
    END
    """
  }

  /// The same of counts `succeeded` and `failed` beside a group's other columns, all of one row.
  internal static let ofRow = verdict(
    strategy: "strategy", memberCount: "member_count", quorum: "quorum", succeeded: "succeeded", failed: "failed")
}

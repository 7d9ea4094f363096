/// Codes of the `StepError`s that groups themselves throw, the same in every SDK; a program may match them.
enum GroupCode {
  /// The group's deadline passed, kind `timeout`: of the group, and of each member that was not done.
  static let deadline = "GROUP_DEADLINE"
  /// Nothing can succeed any more, of the members' kind: all members of a race failed, or too many of a quorum.
  static let failed = "GROUP_FAILED"
  /// Kind `cancelled`: the group was cancelled, or was over before the member was.
  static let cancelled = "GROUP_CANCELLED"
}

internal import Messages

/// How a parallel group runs. All of it is optional.
public struct ParallelOptions: Sendable, Hashable {
  /// At most this many members are at work at a time: activities by the coordinator, local steps by this worker.
  /// Nil: no limit.
  public var maxConcurrency: Int?
  /// The group ends with what is there after this long, by the database's clock. Nil: no limit.
  public var deadline: Duration?
  /// The step it is nested in: its key begins with that step's, and operators see it there.
  public var parentStep: String?

  public init(maxConcurrency: Int? = nil, deadline: Duration? = nil, parentStep: String? = nil) {
    self.maxConcurrency = maxConcurrency
    self.deadline = deadline
    self.parentStep = parentStep
  }

  /// The command that opens the group; the key and the number of members are filled in later.
  func open(_ strategy: GroupStrategy, quorum: Int = 0) -> OpenGroup {
    OpenGroup(
      strategy: strategy, quorum: UInt32(clamping: quorum), deadline: deadline.map { ProtoDuration($0) },
      maxConcurrency: UInt32(clamping: maxConcurrency ?? 0), parentStep: parentStep ?? "")
  }
}

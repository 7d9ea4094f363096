public import FoundationEssentials
internal import Messages

/// How far a parallel group is.
public struct GroupDescription: Sendable, Hashable {
  /// How a group is joined.
  public enum Strategy: String, Sendable, Hashable {
    case failFast, collectAll, race, quorum, unknown
  }

  /// How a group ended.
  public enum Verdict: String, Sendable, Hashable {
    /// It goes on.
    case open
    case succeeded, failed, deadline, cancelled, unknown
  }

  /// Its key: the name, or `name#2` for the second use.
  public var key: String
  /// How it is joined.
  public var strategy: Strategy
  /// How it ended.
  public var verdict: Verdict
  /// How many members it has. Nil: they come one by one.
  public var memberCount: Int?
  /// Members that succeeded.
  public var succeeded: Int
  /// Members that failed for good.
  public var failed: Int
  /// How many successes a quorum wants.
  public var quorum: Int?
  /// At most this many of its activities are handed out at a time. Nil: no limit.
  public var maxConcurrency: Int?
  /// The key of the step that won a race.
  public var winner: String?
  /// The step that it is nested in.
  public var parentStep: String?
  /// When it was opened.
  public var openedAt: Date?
  /// When it ended.
  public var resolvedAt: Date?
  /// When its deadline passes.
  public var deadlineAt: Date?

  init(_ group: Messages.Group) {
    key = group.key
    strategy =
      switch group.strategy {
      case .failFast, .unspecified: .failFast
      case .collectAll: .collectAll
      case .race: .race
      case .quorum: .quorum
      case .unrecognized: .unknown
      }
    verdict =
      switch group.verdict {
      case .unspecified: .open
      case .succeeded: .succeeded
      case .failed: .failed
      case .deadline: .deadline
      case .cancelled: .cancelled
      case .unrecognized: .unknown
      }
    memberCount = group.memberCount == 0 ? nil : Int(group.memberCount)
    succeeded = Int(group.succeeded)
    failed = Int(group.failed)
    quorum = group.quorum == 0 ? nil : Int(group.quorum)
    maxConcurrency = group.maxConcurrency == 0 ? nil : Int(group.maxConcurrency)
    winner = group.winner.isEmpty ? nil : group.winner
    parentStep = group.parentStep.isEmpty ? nil : group.parentStep
    openedAt = group.openedAt.map { Date($0) }
    resolvedAt = group.resolvedAt.map { Date($0) }
    deadlineAt = group.deadlineAt.map { Date($0) }
  }
}

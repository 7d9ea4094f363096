internal import Messages

/// What a failed member does to its group.
public enum ParallelErrorStrategy: Sendable, Hashable {
  /// The first member that fails for good ends the group: the others are cancelled, and its error is thrown.
  case failFast
  /// All members run to their end; outputs and errors are given by member.
  case collectAll

  var message: GroupStrategy {
    switch self {
    case .failFast: .failFast
    case .collectAll: .collectAll
    }
  }
}

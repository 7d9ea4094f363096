internal import Messages

/// How far a move of runs to another version is.
public struct MoveProgress: Sendable, Hashable {
  /// Runs that the move is about.
  public var total: Int
  /// Runs that were moved, or in a dry run: that could be.
  public var moved: Int
  /// Runs that stay, with the reason, one sentence each.
  public var conflicts: [String]
  /// Whether this is the last word.
  public var isFinished: Bool

  init(_ response: MoveRunsResponse) {
    total = Int(clamping: response.total)
    moved = Int(clamping: response.moved)
    conflicts = response.conflicts
    isFinished = response.finished
  }
}

internal import Messages

/// How far a batch is.
public struct BatchProgress: Sendable, Hashable {
  /// Runs that the filter chose.
  public var total: Int
  /// Runs that were changed.
  public var done: Int
  /// Runs that could not be changed, such as ones closed meanwhile.
  public var failed: Int
  /// The first failures, one sentence each, at most 20.
  public var failures: [String]
  /// Whether this is the last word.
  public var isFinished: Bool

  init(_ response: BatchRunsResponse) {
    total = Int(clamping: response.total)
    done = Int(clamping: response.done)
    failed = Int(clamping: response.failed)
    failures = response.failures
    isFinished = response.finished
  }
}

internal import Messages

/// What a call of the context is told to do.
enum Wake: Sendable {
  /// The outcome is recorded: return or throw it.
  case settled(StepOutcome)
  /// Run the local step's closure: this attempt, after this delay.
  case execute(attempt: UInt32, delay: Duration)
  /// The group was resolved: look at what it says of its members.
  case groupResolved
  /// The run is being cancelled: throw that.
  case cancelled(reason: String)
  /// The caller's own Swift task was cancelled.
  case callerCancelled
  /// The function is no longer wanted; nothing it does counts.
  case dropped
}

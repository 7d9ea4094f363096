/// What a step is. Raw values are those of the contract and of the database.
package enum StepKind: Int16, Sendable, CaseIterable {
  case local = 1
  case activity = 2
  case sleep = 3
  case child = 4
  case signal = 5
}

/// Where a step stands. Raw values are those of the contract and of the database.
package enum StepState: Int16, Sendable, CaseIterable {
  /// An activity that waits for a worker.
  case ready = 1
  /// A session holds it.
  case running = 2
  /// A timer or signal that has not come yet.
  case waiting = 3
  /// Failed and waiting for its next attempt.
  case retrying = 4
  case completed = 5
  case failed = 6
  case cancelled = 7

  /// Whether the outcome is recorded and will never change.
  package var isSettled: Bool { rawValue >= StepState.completed.rawValue }
}

internal import Messages

/// What the owner of a `RunMachine` must do.
enum RunAction {
  /// Resume the call that waits for this key.
  case wake(key: String, Wake)
  /// Send this report of the current task; the answer is given back with the same number.
  case send(WorkflowReport, number: UInt64, RunEnding)
  /// What this local step's closure gives does not count any more: cancel it.
  case abandon(key: String)
  /// Fetch what is recorded of this group's members; it is given back with `recordsFetched`.
  case fetchRecords(group: String)
  /// The function is of no use any more: resume all its calls with `dropped` and cancel it.
  case discard
}

/// What a report means for the task.
enum RunEnding: Sendable, Hashable {
  /// The task goes on.
  case goesOn
  /// The task is over; the function stays suspended in memory.
  case suspends
  /// The task is over, and the function with it.
  case closes
}

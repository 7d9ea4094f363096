internal import Messages

/// Where a run's reports go.
protocol RunReporter: AnyObject, Sendable {
  /// Sends a report of the run's current task. The answer comes back as `RunExecution.answered` with the same number.
  func send(_ report: WorkflowReport, number: UInt64, ending: RunEnding, of run: RunExecution)

  /// Fetches what is recorded of a group's members; it comes back as `RunExecution.recordsFetched`.
  func fetchRecords(of run: RunExecution, group: String)
}

internal import FoundationEssentials
internal import Messages

/// One action to every run that a filter chooses: `kagzi.batches`.
public struct Batches: Sendable {
  let client: Kagzi

  /// Does one action to many runs, and tells how far it is: the total first, the failures at the end.
  ///
  ///     for try await progress in kagzi.batches.run(.retry, RunFilter(workflow: "order")) { print(progress.done) }
  ///
  /// The batch works while the progress is read; who stops reading stops it, and what was done stays done. It keeps no
  /// state: the same batch again does the rest. Signals want the `requestID` of the first time for that: no run is then
  /// signalled twice.
  ///
  /// - Parameters:
  ///   - filter: Which runs; without statuses those that the action can change. An empty one needs `all`.
  ///   - reason: Why; shown to operators.
  ///   - dryRun: Only count.
  ///   - all: Says that an empty filter is meant.
  ///   - maxPerSecond: How many runs are changed a second at most. Nil: as fast as it goes.
  ///   - requestID: Of signals: that of each run's signal, as in `signal(…)`. Nil: one of this call's own.
  ///
  /// Reading throws `KagziError`: `invalid` for an empty filter without `all`, `unavailable` when the coordinator is lost.
  public func run(
    _ action: BatchAction, _ filter: RunFilter = RunFilter(), reason: String = "", dryRun: Bool = false,
    all: Bool = false, maxPerSecond: Int? = nil, requestID: String? = nil
  ) -> AsyncThrowingStream<BatchProgress, any Error> {
    let request = BatchRunsRequest(
      namespace: client.namespace, filter: filter.message, action: action.message, reason: reason, dryRun: dryRun,
      all: all, signalName: action.signalName, payload: action.payload,
      maxPerSecond: UInt32(clamping: maxPerSecond ?? 0),
      requestID: action.message == .signal ? requestID ?? UUID().uuidString.lowercased() : "")
    return client.stream(WorkflowService.BatchRuns.self, request) { BatchProgress($0) }
  }
}

extension Kagzi {
  /// One action to every run that a filter chooses.
  public var batches: Batches { Batches(client: self) }
}

internal import Engine
internal import Messages
internal import Store

/// Time budgets of local steps: they count from when the first attempt began, which only the database knows once an
/// attempt has failed. Nothing is read for a step that succeeds, that has no budget, or whose first attempt it is.
extension Coordinator {
  internal func readElapsed(
    _ stepKeys: [String], _ token: TaskToken, _ reportID: UInt64, _ answer: @escaping Answer,
    _ body: @escaping @Sendable ([String: Int64]) -> Void
  ) {
    store.read(FirstAttempt(runID: token.runID, stepKeys: stepKeys)) { result in
      switch result {
      case .failure(let error): answer(.rejected(reportID, error))
      case .success(let rows):
        body(Dictionary(rows.map { ($0.key, $0.elapsedMilliseconds) }, uniquingKeysWith: { first, _ in first }))
      }
    }
  }
}

extension WorkflowReport {
  /// Local steps whose later attempt failed under a policy with a time budget.
  internal var stepsWithBudget: [String] {
    results.compactMap { result in
      guard case .failure = result.outcome, result.attempt > 1, result.retryPolicy?.maxElapsed != nil else {
        return nil
      }
      return result.key
    }
  }
}

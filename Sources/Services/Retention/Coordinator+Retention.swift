internal import Engine
internal import Logging
internal import Postgres
package import Store

extension Coordinator {
  /// Removes closed runs that are older than their namespaces keep them. One coordinator at a time does so, batch by batch,
  /// and rests after each for longer than it took, so that open runs do not feel it. No statement is issued when every
  /// namespace keeps its runs for ever.
  /// - Returns: how many runs were removed.
  @discardableResult
  package func removeOldRuns() async throws(StoreError) -> Int {
    var removed = 0
    for (namespace, retention) in registry.retentions.sorted(by: { $0.namespace < $1.namespace }) {
      var after: RunID? = RunID(high: 0, low: 0)
      while let last = after, !Task.isCancelled {
        let begin = ContinuousClock.now
        let batch = RemoveClosedRuns(namespace: namespace, retentionMilliseconds: retention, after: last)
        guard let row = try await store.write(batch).first, row.isOurTurn else { return removed }
        removed += row.removed
        after = row.next
        let rest = (ContinuousClock.now - begin) * 4
        if after != nil { try? await Task.sleep(for: min(rest, .seconds(1))) }
      }
    }
    if removed > 0 { logger.info("old runs removed", metadata: ["runs": "\(removed)"]) }
    return removed
  }
}

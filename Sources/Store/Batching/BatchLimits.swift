/// The limits of a batcher.
package struct BatchLimits: Sendable {
  /// Operations in one batch. Default 512.
  package var maxOperations: Int
  /// Bytes of operations after which a batch is closed. Default 16 MiB.
  package var maxBatchBytes: Int
  /// Operations that wait or are under way, over all lanes. Default 20,000; more are refused with `queueFull`.
  package var maxQueued: Int
  /// Bytes that wait or are under way, over all lanes. Default 256 MiB.
  package var maxQueuedBytes: Int
  /// Times that a batch is tried again after a serialization failure or a deadlock before it is split. Default 5.
  package var maxConflicts: Int
  /// Completions that are called before what they handed to others is passed on. Default 32.
  package var completionsAtOnce: Int
  /// How long an operation may take that names no timeout of its own. Default 30 s.
  package var timeout: Duration

  package init(
    maxOperations: Int = 512, maxBatchBytes: Int = 16 << 20, maxQueued: Int = 20_000, maxQueuedBytes: Int = 256 << 20,
    maxConflicts: Int = 5, completionsAtOnce: Int = 32, timeout: Duration = .seconds(30)
  ) {
    self.maxOperations = max(1, maxOperations)
    self.maxBatchBytes = maxBatchBytes
    self.maxQueued = maxQueued
    self.maxQueuedBytes = maxQueuedBytes
    self.maxConflicts = maxConflicts
    self.completionsAtOnce = max(1, completionsAtOnce)
    self.timeout = timeout
  }
}

public import FoundationEssentials
internal import Messages

/// What waits in a task queue, and who serves it.
public struct QueueDescription: Sendable, Hashable {
  /// What waits of one type and version.
  public struct Entry: Sendable, Hashable {
    /// `workflow` or `activity`.
    public var kind: String
    /// The type's name.
    public var type: String
    /// Its version.
    public var version: Int
    /// Tasks that wait for a worker.
    public var ready: Int
    /// Tasks that workers hold.
    public var leased: Int
    /// Since when the oldest of them has waited.
    public var oldestReadyAt: Date?
    /// Live workers that serve it.
    public var liveWorkers: Int

    init(_ entry: QueueEntry) {
      kind = entry.kind
      type = entry.type?.type ?? ""
      version = max(Int(entry.type?.version ?? 1), 1)
      ready = Int(clamping: entry.ready)
      leased = Int(clamping: entry.leased)
      oldestReadyAt = entry.oldestReadyAt.map { Date($0) }
      liveWorkers = Int(clamping: entry.liveWorkers)
    }
  }

  /// Its name.
  public var name: String
  /// What it holds, by type and version.
  public var entries: [Entry]

  init(_ queue: Queue) {
    name = queue.taskQueue
    entries = queue.entries.map { Entry($0) }
  }
}

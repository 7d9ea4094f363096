/// A worker with a live session, as far as an explanation needs it.
package struct LiveWorker: Sendable, Equatable {
  package var workerID: String
  package var taskQueues: [String]
  package var types: [TypeVersion]
  /// Slots that it grants now; nil when another coordinator knows.
  package var freeSlots: Int?

  /// A registered type and version.
  package struct TypeVersion: Sendable, Equatable {
    package var type: String
    package var version: Int32

    package init(type: String, version: Int32) {
      self.type = type
      self.version = version
    }
  }

  package init(workerID: String, taskQueues: [String], types: [TypeVersion], freeSlots: Int? = nil) {
    self.workerID = workerID
    self.taskQueues = taskQueues
    self.types = types
    self.freeSlots = freeSlots
  }
}

/// Who could take a task of one kind: the live workers that registered its type.
package struct WorkerSupply: Sendable {
  package let key: TaskKey
  private let workers: [LiveWorker]

  /// - Parameter workers: live workers of the namespace; those that did not register the type are left aside.
  package init(key: TaskKey, workers: [LiveWorker]) {
    self.key = key
    self.workers = workers.filter { worker in worker.types.contains { $0.type == key.type } }
  }

  private var type: String { "\(key.kind == .workflow ? "workflow" : "activity") '\(key.type)' version \(key.version)" }

  private var serving: [LiveWorker] {
    workers.filter { worker in
      worker.taskQueues.contains(key.queue) && worker.types.contains(.init(type: key.type, version: key.version))
    }
  }

  /// Why a task that is ready was not taken yet.
  package var reason: String {
    let serving = serving
    if serving.isEmpty { return "no live worker serves \(type) in queue '\(key.queue)'" + nearMisses }
    let names = Words.list(serving.map(\.workerID), limit: 3)
    if serving.allSatisfy({ $0.freeSlots == 0 }) {
      return serving.count == 1
        ? "the one worker that serves \(type) in queue '\(key.queue)', \(names), has no free slot"
        : "all \(serving.count) workers that serve \(type) in queue '\(key.queue)' have no free slot: \(names)"
    }
    return "it waits for a worker that serves \(type) in queue '\(key.queue)': \(names)"
  }

  /// What would get it taken.
  package var remedy: String? {
    let serving = serving
    if serving.isEmpty { return "start a worker that registers \(type) and serves queue '\(key.queue)'" }
    if serving.allSatisfy({ $0.freeSlots == 0 }) { return "start more workers, or give them more slots" }
    return nil
  }

  /// Workers that serve the type, but not this version of it or not in this queue.
  private var nearMisses: String {
    let misses = workers.map { worker -> String in
      let versions = worker.types.filter { $0.type == key.type }.map { "\($0.version)" }
      return "\(worker.workerID) serves version \(Words.list(versions, limit: 5)) in queue "
        + Words.list(worker.taskQueues.map { "'\($0)'" }, limit: 3)
    }
    return misses.isEmpty ? "" : "; " + Words.list(misses, limit: 3)
  }
}

/// Lists as people write them.
internal enum Words {
  /// `a`, `a and b`, `a, b and 3 more`.
  static func list(_ words: [String], limit: Int) -> String {
    guard words.count > 1 else { return words.first ?? "none" }
    guard words.count <= limit else {
      return words.prefix(limit).joined(separator: ", ") + " and \(words.count - limit) more"
    }
    return words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
  }
}

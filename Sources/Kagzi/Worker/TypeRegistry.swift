internal import Messages
internal import Synchronization

/// A registered activity function without its types.
typealias ActivityHandler = @Sendable (ActivityContext, Payload?) async throws -> Payload

/// A name with a version.
struct TypeKey: Hashable, Sendable {
  var name: String
  var version: UInt32

  var typeVersion: TypeVersion { TypeVersion(type: name, version: version) }
}

/// The functions that a worker can run, by type and version.
struct Registrations: Sendable {
  var workflows: [TypeKey: WorkflowHandler] = [:]
  var activities: [TypeKey: ActivityHandler] = [:]

  var isEmpty: Bool { workflows.isEmpty && activities.isEmpty }
}

/// Collects registrations from any thread.
final class TypeRegistry: Sendable {
  private let registrations = Mutex(Registrations())

  var snapshot: Registrations { registrations.withLock { $0 } }

  /// A type and version can be registered once; twice is a mistake in the program, and stops it.
  func add(workflow key: TypeKey, _ handler: @escaping WorkflowHandler) {
    let isNew = registrations.withLock { $0.workflows.updateValue(handler, forKey: key) == nil }
    precondition(isNew, "Workflow \"\(key.name)\" version \(key.version) is registered twice")
  }

  func add(activity key: TypeKey, _ handler: @escaping ActivityHandler) {
    let isNew = registrations.withLock { $0.activities.updateValue(handler, forKey: key) == nil }
    precondition(isNew, "Activity \"\(key.name)\" version \(key.version) is registered twice")
  }
}

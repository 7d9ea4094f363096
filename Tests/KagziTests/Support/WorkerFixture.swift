import GRPC
import Logging
import Messages

@testable import Kagzi

/// A worker's session over a fake coordinator.
struct WorkerFixture {
  let coordinator: FakeCoordinator
  let session: WorkSession

  /// Runs the body while the worker works; the worker is stopped afterwards.
  static func with(
    _ coordinator: FakeCoordinator = FakeCoordinator(), workflows: [String: WorkflowHandler] = [:],
    activities: [String: ActivityHandler] = [:], slots: Int = 10, maxSuspended: Int = 1_000,
    gracefulTimeout: Duration = .seconds(10), body: (WorkerFixture) async throws -> Void
  ) async throws {
    var registrations = Registrations()
    for (name, handler) in workflows { registrations.workflows[TypeKey(name: name, version: 1)] = handler }
    for (name, handler) in activities { registrations.activities[TypeKey(name: name, version: 1)] = handler }
    var configuration = WorkerConfiguration(workerID: "test", hostname: "here")
    configuration.maxConcurrentWorkflows = slots
    configuration.maxConcurrentActivities = slots
    configuration.maxCachedWorkflows = maxSuspended
    configuration.gracefulShutdownTimeout = gracefulTimeout
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let session = WorkSession(
      configuration: configuration, registrations: registrations, coordinator: coordinator, logger: logger)
    async let work: Void = session.run()
    try await body(WorkerFixture(coordinator: coordinator, session: session))
    session.stop()
    try await work
  }

  /// A workflow function without its types.
  static func workflow<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ function: @escaping @Sendable (WorkflowContext, Input) async throws -> Output
  ) -> WorkflowHandler {
    { context, payload in
      try PayloadCoding.encode(try await function(context, try PayloadCoding.decode(Input.self, from: payload)))
    }
  }

  /// An activity function without its types.
  static func activity<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ function: @escaping @Sendable (Input, ActivityContext) async throws -> Output
  ) -> ActivityHandler {
    { context, payload in
      try PayloadCoding.encode(try await function(try PayloadCoding.decode(Input.self, from: payload), context))
    }
  }
}

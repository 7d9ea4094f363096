import Logging
import Testing

@testable import Kagzi

/// Gives each suite a server of its own, where the binary is built.
struct WithServer: SuiteTrait, TestScoping {
  @TaskLocal static var current: KagziServer?

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let server = try await KagziServer()
    do {
      try await Self.$current.withValue(server) { try await function() }
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  /// A client of the suite's server, in a queue of its own, and a worker that works meanwhile.
  static func with(
    namespace: String = "", configure: (WorkerBuilder) -> WorkerBuilder = { $0 }, register: (Kagzi) -> Void,
    body: (Kagzi, StartOptions) async throws -> Void
  ) async throws {
    let kagzi = try await connect(namespace: namespace)
    register(kagzi)
    let queue = "queue-\(UInt64.random(in: 0 ... .max))"
    let worker = configure(kagzi.createWorkerBuilder().taskQueues([queue]).gracefulShutdownTimeoutSecs(5)).build()
    async let working: Void = worker.start()
    do {
      try await body(kagzi, StartOptions(taskQueue: queue))
    } catch {
      worker.stop()
      try await working
      throw error
    }
    worker.stop()
    try await working
    await kagzi.close()
  }

  static func connect(namespace: String = "") async throws -> Kagzi {
    guard let server = current else { throw KagziError(.other, "No server runs") }
    return try await Kagzi.connect(
      server.address,
      ConnectOptions(namespace: namespace, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
  }
}

extension Trait where Self == WithServer {
  static var withServer: WithServer { WithServer() }
}

import Kagzi

/// One small program a scenario, to copy from. Each file stands by itself.
///
///     kagzi dev &
///     swift run ScenarioExamples parallel            # a scenario, against 127.0.0.1:7480
///     swift run ScenarioExamples parallel HOST:PORT
@main
struct Scenarios {
  static let all: [String: @Sendable (Kagzi) async throws -> Void] = [
    "welcome-email-worker": WelcomeEmail.work,
    "welcome-email-trigger": WelcomeEmail.trigger,
    "data-pipeline": DataPipeline.run,
    "batch-processing": BatchProcessing.run,
    "reminders": Reminders.run,
    "manual-retry": ManualRetry.run,
    "step-policies": StepPolicies.run,
    "parallel": Parallel.run,
    "collect-all": CollectAll.run,
    "versions": Versions.run,
    "worker-drain": WorkerDrain.run,
    "health": Health.run,
    "saga": Saga.run,
    "map-reduce": MapReduce.run,
    "idempotent-start": IdempotentStart.run,
    "approval": Approval.run,
    "nightly": Nightly.run,
    "operating": Operating.run,
    "team-namespace": TeamNamespace.run,
    "guide-v1": GuideV1.run,
    "guide-v2": GuideV2.run,
    "guide-snippets": GuideSnippets.run,
  ]

  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let name = arguments.first, let scenario = all[name] else {
      return print("Name a scenario: \(all.keys.sorted().joined(separator: ", "))")
    }
    let kagzi = try await Kagzi.connect(arguments.dropFirst().first ?? "127.0.0.1:7480")
    try await scenario(kagzi)
    await kagzi.close()
  }
}

extension Kagzi {
  /// Works in the background while the body runs.
  func working<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    let worker = createWorker()
    async let working: Void = worker.start()
    do {
      let value = try await body()
      worker.stop()
      try await working
      return value
    } catch {
      worker.stop()
      throw error
    }
  }
}

import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("Under faults that a seed chooses", .timeLimit(.minutes(2)))
struct RandomScenarioTests {
  @Test("every run ends with its output, and no step is recorded twice", arguments: 0..<120)
  func scenario(seed: Int) async throws {
    var generator = SeededGenerator(UInt64(seed))
    let plan = RandomPlan.make(&generator, depth: 4)
    let faults = FakeCoordinator.Faults(
      wholeTasks: [0, 30, 100].randomElement(using: &generator) ?? 0,
      brokenStreams: [0, 0, 5].randomElement(using: &generator) ?? 0,
      unavailable: [0, 0, 0, 2].randomElement(using: &generator) ?? 0,
      retriesElsewhere: [0, 50, 100].randomElement(using: &generator) ?? 0,
      pageSize: [nil, 1, 3].randomElement(using: &generator) ?? nil)
    let coordinator = FakeCoordinator(seed: UInt64(seed), faults: faults)
    let counters = Mutex<[String: Counter]>([:])
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      let counter = counters.withLock { counters in
        let counter = counters[context.workflowRunID] ?? Counter()
        counters[context.workflowRunID] = counter
        return counter
      }
      return try await plan.run(context, counter)
    }
    let timesTen = WorkerFixture.activity { (number: Int, _) in number * 10 }
    try await WorkerFixture.with(
      coordinator, workflows: ["w": workflow], activities: ["times-ten": timesTen], slots: seed % 5 + 1,
      maxSuspended: seed % 3
    ) { fixture in
      for run in 0..<5 { try coordinator.start("w", 0, id: "\(run)") }
      for run in 0..<5 {
        #expect(try await coordinator.result(of: "\(run)", as: Int.self) == plan.sum, "seed \(seed)")
      }
      #expect(coordinator.state.withLock { $0.violations } == [], "seed \(seed)")
    }
  }
}

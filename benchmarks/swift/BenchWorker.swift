internal import Foundation
internal import Kagzi

/// The workflows that are measured.
enum BenchWorkflows {
  /// One activity that does nothing: gives 1.
  static let one = "bench-one"
  /// Sleeps for an hour.
  static let waiting = "bench-waiting"

  /// Sleeps until its input, in milliseconds since 1970.
  static let sleeping = "bench-sleeping"

  static func register(on kagzi: Kagzi) {
    kagzi.registerActivity("bench-nothing") { (input: Int, _: ActivityContext) in input }
    kagzi.registerWorkflow(one) { (context: WorkflowContext, input: Int) in
      try await context.activity("bench-nothing", input, as: Int.self)
    }
    kagzi.registerWorkflow(waiting) { (context: WorkflowContext, input: Int) in
      try await context.sleep("an-hour", .seconds(3_600))
      return input
    }
    kagzi.registerWorkflow(sleeping) { (context: WorkflowContext, due: Int) in
      try await context.sleepUntil("the-instant", Date(timeIntervalSince1970: Double(due) / 1_000))
      return due
    }
  }
}

/// `worker ADDRESS [--slots N]`: an ordinary Swift worker with room for the whole load.
enum BenchWorker {
  static func run(_ arguments: BenchArguments) async throws {
    let kagzi = try await Kagzi.connect(arguments.argument)
    BenchWorkflows.register(on: kagzi)
    let slots = arguments.number("slots", default: 4_000)
    let worker = kagzi.createWorkerBuilder().maxConcurrentWorkflows(slots).maxConcurrentActivities(slots)
      .maxSuspendedWorkflows(4 * slots).build()
    say("ready \(worker.workerID)")
    try await worker.start()
    await kagzi.close()
  }
}

internal import Foundation
internal import Kagzi

/// The workflows that are measured.
enum BenchWorkflows {
  /// One activity that does nothing: gives 1.
  static let one = "bench-one"
  /// Sleeps for an hour.
  static let waiting = "bench-waiting"

  /// As many activities as its input says, one after the other: gives their number.
  static let sequence = "bench-sequence"
  /// As many activities as its input says, at once and joined: gives their number.
  static let fanOut = "bench-fan-out"
  /// As many activities as its input says, at once, as local steps: gives their number.
  static let localFanOut = "bench-local-fan-out"
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
    kagzi.registerWorkflow(sequence) { (context: WorkflowContext, count: Int) in
      var done = 0
      for _ in 0..<count { done += try await context.activity("bench-nothing", 1, as: Int.self) }
      return done
    }
    kagzi.registerWorkflow(fanOut) { (context: WorkflowContext, count: Int) in
      try await context.parallelVec(
        "members", (0..<count).map { ParallelMember<Int>.activity("\($0)", "bench-nothing", 1) }
      ).reduce(0, +)
    }
    kagzi.registerWorkflow(localFanOut) { (context: WorkflowContext, count: Int) in
      try await context.parallelVec("members", (0..<count).map { ParallelMember<Int>.step("\($0)") { 1 } }).reduce(0, +)
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
      .maxCachedWorkflows(4 * slots).build()
    say("ready \(worker.workerID)")
    try await worker.start()
    await kagzi.close()
  }
}

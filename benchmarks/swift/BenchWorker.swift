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
  /// Gives its input, a text, back through one activity that does the same.
  static let payload = "bench-payload"
  /// No worker ever serves it.
  static let unserved = "bench-unserved"
  /// Records as many local steps as its input says, waits for the signal `go`, then runs one activity. Gives, in milliseconds
  /// since 1970, when its last replay began and when all that was recorded had been gone through.
  static let memo = "bench-memo"
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
    kagzi.registerActivity("bench-echo") { (input: RawPayload, _: ActivityContext) in input }
    kagzi.registerWorkflow(payload) { (context: WorkflowContext, input: RawPayload) in
      try await context.activity("bench-echo", input, as: RawPayload.self)
    }
    registerMemo(on: kagzi)
    kagzi.registerWorkflow(sleeping) { (context: WorkflowContext, due: Int) in
      try await context.sleepUntil("the-instant", Date(timeIntervalSince1970: Double(due) / 1_000))
      return due
    }
  }
}

extension BenchWorkflows {
  fileprivate static func registerMemo(on kagzi: Kagzi) {
    kagzi.registerWorkflow(memo) { (context: WorkflowContext, count: Int) in
      let began = milliseconds
      for number in 0..<count { _ = try await context.step("step-\(number)") { number } }
      _ = try await context.waitForSignal("go", as: Int.self)
      let replayed = milliseconds
      _ = try await context.activity("bench-nothing", 1, as: Int.self)
      return [began, replayed]
    }
  }

  private static var milliseconds: Double { Date().timeIntervalSince1970 * 1_000 }
}

/// `worker ADDRESS [--slots N] [--suspended N] [--namespace X] [--workers N] [--lease-secs S]`: ordinary Swift workers with room for the whole
/// load, one if no number is given, each with a connection of its own.
enum BenchWorker {
  static func run(_ arguments: BenchArguments) async throws {
    let workers = max(1, arguments.number("workers", default: 1))
    var clients: [Kagzi] = []
    for _ in 0..<workers { clients.append(try await client(arguments)) }
    let slots = arguments.number("slots", default: 4_000)
    let suspended = arguments.number("suspended", default: 4 * slots)
    let lease = arguments.number("lease-secs", default: 30)
    let fleet = clients.map { client in
      client.createWorkerBuilder().maxConcurrentWorkflows(slots).maxConcurrentActivities(slots)
        .maxCachedWorkflows(suspended).leaseDurationSecs(lease).build()
    }
    say("ready \(fleet[0].workerID)")
    if fleet.count == 1 {
      try await fleet[0].start()
    } else {
      let termination = Termination()
      let working = fleet.map { worker in Task { try await worker.run() } }
      await termination.wait()
      for worker in fleet { worker.stop() }
      for task in working { try await task.value }
    }
    for client in clients { await client.close() }
  }

  private static func client(_ arguments: BenchArguments) async throws -> Kagzi {
    let kagzi = try await Kagzi.connect(
      arguments.argument, ConnectOptions(namespace: arguments.text("namespace") ?? ""))
    BenchWorkflows.register(on: kagzi)
    return kagzi
  }
}

import Kagzi

/// A worker is drained while it works: it finishes what runs, takes nothing new, and leaves. SIGTERM does the same.
enum WorkerDrain {
  @Sendable static func run(_ kagzi: Kagzi) async throws {
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    kagzi.registerWorkflow("long-work") { (ctx: WorkflowContext) in try await ctx.activity("long", as: String.self) }
    kagzi.registerActivity("long") { (_: ActivityContext) in
      begin.finish()
      try await Task.sleep(for: .milliseconds(700))
      return "finished all the same"
    }
    let worker = kagzi.createWorkerBuilder().workerID("drain-example").gracefulShutdownTimeoutSecs(60).build()
    async let working: Void = worker.start()
    let handle = try await kagzi.startWorkflow("long-work", as: String.self)
    for await _ in begun {}

    // snippet: drain
    try await kagzi.drainWorker("drain-example", reason: "new release")
    // `start` returns when the last task has ended.
    try await working
    let gone = try await kagzi.getWorker("drain-example")
    print("\(gone.workerID) is \(gone.status.rawValue)")
    // end snippet

    // Another worker takes what the drained one gave back: the rest of the workflow.
    let next = kagzi.createWorker()
    async let nextWorking: Void = next.start()
    print(try await handle.result())
    next.stop()
    try await nextWorking
    for event in try await kagzi.getWorkerEvents("drain-example").reversed() { print("  \(event.kind)") }
  }
}

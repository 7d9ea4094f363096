import Kagzi

/// One workflow of one step, worked and started by the same program.
///
///     kagzi dev &
///     swift run SimpleExample
@main
struct Simple {
  static func main() async throws {
    let address = CommandLine.arguments.dropFirst().first ?? "127.0.0.1:7480"
    let kagzi = try await Kagzi.connect(address)

    kagzi.registerWorkflow("greet") { (ctx: WorkflowContext, name: String) in
      try await ctx.step("write-greeting") { "Hello, \(name)!" }
    }

    let worker = kagzi.createWorker()
    async let working: Void = worker.start()

    let handle = try await kagzi.startWorkflow("greet", "Ada", as: String.self)
    print("run \(handle.runID): \(try await handle.result())")

    worker.stop()
    try await working
    await kagzi.close()
  }
}

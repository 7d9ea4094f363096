internal import Kagzi

/// `idle ADDRESS --workers N --runs M`: N idle workers, each on a connection of its own, and M runs that wait.
/// Prints `ready` when all runs are started.
enum IdleFleet {
  static func run(_ arguments: BenchArguments) async throws {
    let termination = Termination()
    let address = arguments.argument
    let fleet = try await connect(arguments.number("workers", default: 1_000), address)
    try await WaitingRuns.start(arguments.number("runs", default: 10_000), at: address)
    say("ready \(fleet.count)")
    await termination.wait()
    for member in fleet { member.worker.stop() }
    for member in fleet { try await member.working.value }
    for member in fleet { await member.client.close() }
  }

  private struct Member: Sendable {
    var client: Kagzi
    var worker: Worker
    var working: Task<Void, any Error>
  }

  private static func connect(_ count: Int, _ address: String) async throws -> [Member] {
    var fleet: [Member] = []
    for begin in stride(from: 0, to: count, by: 50) {
      try await withThrowingTaskGroup(of: Member.self) { group in
        for _ in begin..<min(begin + 50, count) { group.addTask { try await member(address) } }
        for try await member in group { fleet.append(member) }
      }
    }
    return fleet
  }

  private static func member(_ address: String) async throws -> Member {
    let client = try await Kagzi.connect(address)
    BenchWorkflows.register(on: client)
    let worker = client.createWorkerBuilder().heartbeatIntervalSecs(10).build()
    return Member(client: client, worker: worker, working: Task { try await worker.run() })
  }
}

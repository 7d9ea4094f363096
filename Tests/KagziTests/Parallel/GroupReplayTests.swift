import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("A parallel group across tasks and workers", .timeLimit(.minutes(1)))
struct GroupReplayTests {
  @Test("checklist 14: members run at once, so many at a time as is allowed", arguments: [nil, 3])
  func concurrency(limit: Int?) async throws {
    let running = Mutex((now: 0, most: 0))
    let all = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      try await ctx.parallelVec(
        "many",
        (0..<12).map { number in
          .step("m\(number)") {
            let now = running.withLock { running in
              running.now += 1
              running.most = max(running.most, running.now)
              return running.now
            }
            if now == limit ?? 12 { all.open() }
            if number < limit ?? 12 { await all.wait() }
            running.withLock { $0.now -= 1 }
            return number
          }
        }, options: ParallelOptions(maxConcurrency: limit))
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: [Int].self) == Array(0..<12))
      #expect(running.withLock { $0.most } == limit ?? 12)
      let open = fixture.coordinator.state.withLock { $0.runs["1"]?.groups["many"]?.open }
      #expect(open?.maxConcurrency == UInt32(limit ?? 0) && open?.memberCount == 12)
    }
  }

  @Test("checklist 14: after a crash only the members that are not recorded run again")
  func crash() async throws {
    let counter = Counter()
    let stuck = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      try await ctx.parallelVec(
        "all",
        (0..<4).map { number in
          .step("m\(number)") {
            if counter.add("m\(number)") == 1, number == 3 { await stuck.wait() }
            return number
          }
        })
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.runs["1"]?.groups["all"]?.record.succeeded == 3 }
      // The task is taken away, and comes again as a whole.
      coordinator.takeAway("1")
      #expect(try await coordinator.result(of: "1", as: [Int].self) == [0, 1, 2, 3])
      stuck.open()
      #expect((0..<4).map { counter.count("m\($0)") } == [1, 1, 1, 2])
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("checklist 15: the recorded winner wins on every replay, whatever would be faster now", arguments: [0, 100])
  func recordedWinner(wholeTasks: Int) async throws {
    let passes = Counter()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let isFirst = passes.add() == 1
      let (winner, _) = try await ctx.race(
        "r",
        [
          .step("a") {
            if !isFirst { try await Task.sleep(for: .seconds(1_000)) }
            return 1
          },
          .step("b") {
            if isFirst { try await Task.sleep(for: .seconds(1_000)) }
            return 2
          },
        ])
      try await ctx.sleep("nap", .zero)
      return winner
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "a")
      #expect(passes.count() == (wholeTasks == 0 ? 1 : 2))
    }
  }

  @Test("outcomes of activities are fetched when a local member was the last", arguments: [nil, 1])
  func fetched(pageSize: Int?) async throws {
    let done = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      try await ctx.parallelVec(
        "mixed",
        [
          .activity("remote", "double", 1), .activity("other", "double", 2),
          .step("local") {
            await done.wait()
            return 3
          },
        ])
    }
    let double = WorkerFixture.activity { (number: Int, _) in number * 2 }
    let coordinator = FakeCoordinator(faults: .init(pageSize: pageSize))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["double": double]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.runs["1"]?.groups["mixed"]?.record.succeeded == 2 }
      done.open()
      #expect(try await coordinator.result(of: "1", as: [Int].self) == [2, 4, 3])
      #expect(coordinator.state.withLock { $0.fetches } == (pageSize == nil ? 1 : 3))
      #expect(coordinator.state.withLock { $0.runs["1"]?.tasks } == 1)
    }
  }

  @Test("checklist 14: many activities wake the run once, and come in pages")
  func many() async throws {
    let workflow = WorkerFixture.workflow { (ctx, count: Int) in
      try await ctx.parallelVec("many", (0..<count).map { .activity("m\($0)", "echo", $0, as: Int.self) }).reduce(0, +)
    }
    let echo = WorkerFixture.activity { (number: Int, _) in number }
    let coordinator = FakeCoordinator(faults: .init(pageSize: 300))
    coordinator.pagesDeltas()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["echo": echo], slots: 100) { _ in
      try coordinator.start("w", 1_500, id: "1")
      #expect(try await coordinator.result(of: "1", as: Int.self) == 1_500 * 1_499 / 2)
      coordinator.state.withLock { state in
        #expect(state.runs["1"]?.tasks == 2 && state.runs["1"]?.deltas == 1)
        #expect(state.fetches >= 4)
      }
    }
  }

  @Test("a quorum is enough, a deadline ends with what is there")
  func quorumAndDeadline() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let two = try await ctx.quorum(
        "two", 2, [.step("a") { 1 }, .step("b") { 2 }, .activity("c", "never", 0)])
      let late = try await ctx.collect(
        "late", [.step("a") { 1 }, .activity("b", "never", 0)], options: ParallelOptions(deadline: .seconds(5)))
      return "\(two.results) \(late.results) \(late.isDeadlinePassed) \(late.errors.map(\.kind))"
    }
    let never = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1_000))
      return 1
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["never": never]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.runs["1"]?.groups["late"]?.record.succeeded == 1 }
      coordinator.passDeadline(of: "late", "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "[1, 2] [1] true [Kagzi.ErrorKind.timeout]")
      #expect(coordinator.state.withLock { $0.runs["1"]?.groups["late"]?.open.deadline?.seconds } == 5)
    }
  }

  @Test("a group that the function gives up is cancelled")
  func givenUp() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let group = Task { try await ctx.parallelVec("g", [.activity("a", "never", 0, as: Int.self)]) }
      try await ctx.sleep("nap", .zero)
      group.cancel()
      do { return try await group.value } catch let error as StepError where error.kind == .cancelled { return [7] }
    }
    let never = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1_000))
      return 1
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["never": never]) { _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: [Int].self) == [7])
      #expect(coordinator.state.withLock { $0.runs["1"]?.groups["g"]?.record.verdict } == .cancelled)
    }
  }

  @Test("cancellation of the run reaches the call that waits for a group")
  func cancellation() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      try await ctx.parallelVec("g", [.activity("a", "never", 0, as: Int.self)])
    }
    let never = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1_000))
      return 1
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["never": never]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.reports.count == 1 }
      coordinator.cancel("1")
      guard case .fail(let fail) = await coordinator.outcome(of: "1") else { throw StepError(.unknown, "not failed") }
      #expect(fail.failure?.kind == .cancelled)
    }
  }
}

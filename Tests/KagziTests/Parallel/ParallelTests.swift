import Foundation
import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("A parallel group", .timeLimit(.minutes(1)))
struct ParallelTests {
  @Test("checklist 13: a tuple of two has two types, and its members are recorded as group/id")
  func pair() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let (user, posts) = try await ctx.parallel("user-data", ("user", { "Ada" }), ("posts", { [1, 2, 3] }))
      return "\(user) has \(posts.count)"
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "Ada has 3")
      fixture.coordinator.state.withLock { state in
        #expect(state.runs["1"]?.order.sorted() == ["user-data/posts", "user-data/user"])
        #expect(state.runs["1"]?.groups["user-data"]?.record.verdict == .succeeded)
        #expect(state.runs["1"]?.tasks == 1)
        #expect(state.violations == [])
      }
    }
  }

  @Test("checklist 13: a tuple of ten")
  func ten() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let (a, b, c, d, e, f, g, h, i, j) = try await ctx.parallel(
        "ten", ("a", { 1 }), ("b", { "2" }), ("c", { 3 }), ("d", { 4.5 }), ("e", { true }), ("f", { [6] }),
        ("g", { 7 }), ("h", { 8 }), ("i", { 9 }), ("j", { "10" }))
      return "\(a)\(b)\(c)\(d)\(e)\(f)\(g)\(h)\(i)\(j)"
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "1234.5true[6]78910")
    }
  }

  @Test("checklist 13: parallelVec keeps the order asked, whatever ends first")
  func order() async throws {
    let gates = [Gate(), Gate(), Gate()]
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      try await ctx.parallelVec(
        "all",
        (0..<3).map { number in
          (
            "item-\(number)",
            {
              if number < 2 { await gates[number + 1].wait() }
              gates[number].open()
              return number * 10
            }
          )
        })
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: [Int].self) == [0, 10, 20])
    }
  }

  @Test("checklist 13: an empty list gives an empty result and sends nothing; an empty race is refused before")
  func empty() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let none: [Int] = try await ctx.parallelVec("none", [])
      do {
        let race: (winner: String, value: Int) = try await ctx.race("nobody", [ParallelMember<Int>]())
        return "\(race)"
      } catch let error as StepError where error.kind == .invalidInput {
        return "\(none.count) \(error.message)"
      }
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "0 A race needs at least one member")
      fixture.coordinator.state.withLock { state in
        #expect(state.runs["1"]?.groups.isEmpty == true)
        #expect(state.reports.count == 1)
      }
    }
  }

  @Test("checklist 12: fail-fast throws the failed member's error and cancels the others")
  func failFast() async throws {
    let began = Gate()
    let cancelled = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      do {
        _ = try await ctx.parallelVec(
          "all",
          [
            .step("slow") {
              began.open()
              do {
                try await Task.sleep(for: .seconds(1_000))
              } catch {
                cancelled.open()
                throw error
              }
              return 1
            },
            .step("bad") { () async throws -> Int in
              await began.wait()
              throw StepError(.businessLogicError, "no credit", code: "E42")
            },
          ])
        return "no error"
      } catch let error as StepError {
        return "\(error.code) \(error.message)"
      }
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "E42 no credit")
      await cancelled.wait()
      #expect(fixture.coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("checklist 12: collect-all gives results and errors by member")
  func collectAll() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let result = try await ctx.collect(
        "eight",
        (0..<8).map { number in
          .step("m\(number)") {
            if number == 5 { throw StepError(.validationFailed, "five") }
            return number
          }
        })
      #expect(!result.isSuccess)
      #expect(throws: StepError.self) { try result.intoResult() }
      #expect(try result["m7"]?.get() == 7)
      return "\(result.results) \(result.firstError?.message ?? "") \(result.errors.count)"
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(
        try await fixture.coordinator.result(of: "1", as: String.self) == "[0, 1, 2, 3, 4, 6, 7] five 1")
    }
  }

  @Test("checklist 15: the first success wins a race, failures do not matter, losers are cancelled")
  func race() async throws {
    let loser = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let (winner, value) = try await ctx.race(
        "fastest",
        [
          .step("bad") { () async throws -> Int in throw StepError(.networkError, "down") },
          .step("slow") {
            do { try await Task.sleep(for: .seconds(1_000)) } catch { loser.open() }
            return 1
          },
          .activity("remote", "quote", 7),
        ])
      return "\(winner) \(value)"
    }
    let quote = WorkerFixture.activity { (number: Int, _) in number * 2 }
    // The local losers keep the task in the worker's hands: it has to ask.
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["quote": quote]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "remote 14")
      await loser.wait()
      #expect(coordinator.state.withLock { $0.runs["1"]?.groups["fastest"]?.record.winner } == "fastest/remote")
    }
  }

  @Test("checklist 15: a race that all lose is one error that names each")
  func raceLost() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      do {
        return try await ctx.race(
          "r",
          [
            .step("a") { () async throws -> String in throw StepError(.networkError, "a is down") },
            .step("b") { () async throws -> String in throw StepError(.timeout, "b is late") },
          ]
        ).value
      } catch let error as StepError {
        return "\(error.message) | \(error.causes.map(\.source).joined(separator: ","))"
      }
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      let text = try await fixture.coordinator.result(of: "1", as: String.self)
      #expect(text == "All 2 members of race \"r\" failed: a: a is down; b: b is late | a,b")
    }
  }

  @Test("a group's name is used twice, and a UUID's value does not matter")
  func names() async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      var sum = 0
      for _ in 0..<2 {
        sum += try await ctx.parallelVec(UUID(), [.step("a") { counter.add() }]).reduce(0, +)
        sum += try await ctx.parallelVec("named", [.step("a") { counter.add() }]).reduce(0, +)
        try await ctx.sleep("nap", .zero)
      }
      return sum
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: 100))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: Int.self) == 10)
      #expect(counter.count() == 4)
      #expect(
        coordinator.state.withLock { $0.runs["1"]?.groups.keys.sorted() } == ["group", "group#2", "named", "named#2"])
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("groups named by UUIDs may be in flight at once")
  func unnamedAtOnce() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      async let first = ctx.parallelVec(UUID(), [.activity("x", "echo", 1, as: Int.self)])
      async let second = ctx.parallelVec(UUID(), [.activity("x", "echo", 2, as: Int.self)])
      return try await first + second
    }
    let echo = WorkerFixture.activity { (number: Int, _) in number }
    try await WorkerFixture.with(workflows: ["w": workflow], activities: ["echo": echo]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: [Int].self) == [1, 2])
      #expect(fixture.coordinator.state.withLock { $0.runs["1"]?.order } == ["group/x", "group#2/x"])
    }
  }

  @Test("two members of one id, and one group twice at once, are mistakes that are thrown")
  func duplicates() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      await #expect(throws: DuplicateStepName(name: "g/a")) {
        try await ctx.parallelVec("g", [.step("a") { 1 }, .step("a") { 2 }])
      }
      async let first = ctx.parallelVec("same", [.activity("x", "echo", 1, as: Int.self)])
      async let second = ctx.parallelVec("same", [.activity("x", "echo", 1, as: Int.self)])
      do {
        return try await first + second
      } catch let error as DuplicateStepName {
        return [error.name == "same" ? 1 : 0]
      }
    }
    let echo = WorkerFixture.activity { (number: Int, _) in number }
    try await WorkerFixture.with(workflows: ["w": workflow], activities: ["echo": echo]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: [Int].self) == [1])
    }
  }
}

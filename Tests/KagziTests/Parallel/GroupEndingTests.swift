import Messages
import Synchronization
import Testing

@testable import Kagzi

/// The kinds and codes are the same in every SDK: `docs/parallel.md` has the table.
@Suite("How a group ends that did not give all results", .timeLimit(.minutes(1)))
struct GroupEndingTests {
  /// Members that succeed once they may, that fail, and that never end.
  private static func members(_ ids: String...) -> [ParallelMember<Int>] {
    ids.map { id in
      .activity(
        id, id.hasPrefix("ok") ? "ok" : id.hasPrefix("bad") ? "bad" : "never", 1,
        options: ActivityOptions(retryPolicy: RetryPolicy.none()))
    }
  }

  private static func said(of result: ParallelResult<Int>) -> String {
    let errors = result.errors.map { "\($0.kind.rawValue) \($0.code)".trimming() }
    return """
      \(result.isSuccess) \(result.results) \(errors) \(result.unfinished) \(result.isDeadlinePassed) \
      \(result.firstError?.code ?? "none")
      """
  }

  private static func said(of error: StepError) -> String { "\(error.kind.rawValue) \(error.code): \(error.message)" }

  /// What a function returns whose group `g` ends so, in one go or on a replay.
  private func end(
    _ wholeTasks: Int, when: @escaping @Sendable (GroupRecord) -> Bool = { _ in false },
    by verdict: GroupVerdict? = nil,
    _ function: @escaping @Sendable (WorkflowContext) async throws -> String
  ) async throws -> String {
    let mayEnd = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      do { return try await function(ctx) } catch let error as StepError { return Self.said(of: error) }
    }
    let ok = WorkerFixture.activity { (number: Int, _) in
      await mayEnd.wait()
      return number
    }
    let bad = WorkerFixture.activity { (_: Int, _) -> Int in throw StepError(.notFound, "gone") }
    let never = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1_000))
      return 1
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    var result = ""
    try await WorkerFixture.with(
      coordinator, workflows: ["w": workflow], activities: ["ok": ok, "bad": bad, "never": never]
    ) { _ in
      try coordinator.start("w", 0, id: "1")
      if let verdict {
        mayEnd.open()
        await coordinator.until { $0.runs["1"]?.groups["g"].map { when($0.record) } ?? false }
        coordinator.update { state in
          guard var record = state.runs["1"]?.groups["g"]?.record else { return }
          record.verdict = verdict
          coordinator.resolve("g", record, "1", &state)
        }
      } else {
        await coordinator.until { state in
          state.runs["1"]?.groups["g"].map { $0.resolved != nil || when($0.record) } ?? false
        }
        mayEnd.open()
      }
      result = try await coordinator.result(of: "1", as: String.self)
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
    return result
  }

  @Test("a quorum that is reached is a success, whatever it left unfinished", arguments: [0, 100])
  func quorumReached(wholeTasks: Int) async throws {
    let said = try await end(wholeTasks, when: { $0.failed == 1 }) { ctx in
      let result = try await ctx.quorum("g", 2, Self.members("ok-1", "ok-2", "bad", "never"))
      #expect(try result.intoResult() == [1, 1])
      return Self.said(of: result)
    }
    #expect(said == #"true [1, 1] ["NOT_FOUND"] ["never"] false "#)
  }

  @Test("a quorum out of reach is thrown, and names each failure", arguments: [0, 100])
  func quorumOutOfReach(wholeTasks: Int) async throws {
    let said = try await end(wholeTasks) { ctx in
      do {
        return Self.said(of: try await ctx.quorum("g", 3, Self.members("ok", "bad-1", "bad-2", "never")))
      } catch let error as StepError {
        #expect(error.context.keys.sorted() == ["bad-1", "bad-2"] && error.source == "g")
        throw error
      }
    }
    #expect(said == #"NOT_FOUND GROUP_FAILED: Group "g" cannot reach 3 of 4: bad-1: gone; bad-2: gone"#)
  }

  @Test("a quorum whose deadline passes gives what is there", arguments: [0, 100])
  func quorumLate(wholeTasks: Int) async throws {
    let said = try await end(wholeTasks, when: { $0.failed == 1 && $0.succeeded == 1 }, by: .deadline) { ctx in
      let result = try await ctx.quorum(
        "g", 3, Self.members("ok", "bad", "never-1", "never-2"), options: ParallelOptions(deadline: .seconds(5)))
      #expect(throws: StepError.self) { try result.intoResult() }
      return Self.said(of: result)
    }
    #expect(
      said == """
        false [1] ["NOT_FOUND", "TIMEOUT GROUP_DEADLINE", "TIMEOUT GROUP_DEADLINE"] ["never-1", "never-2"] true\u{20}
        """)
  }

  @Test("members that a deadline cut off are errors of the collection", arguments: [0, 100])
  func collectionLate(wholeTasks: Int) async throws {
    let said = try await end(wholeTasks, when: { $0.succeeded == 1 }, by: .deadline) { ctx in
      let result = try await ctx.collect(
        "g", Self.members("ok", "never"), options: ParallelOptions(deadline: .seconds(5)))
      return Self.said(of: result)
    }
    #expect(said == #"false [1] ["TIMEOUT GROUP_DEADLINE"] ["never"] true GROUP_DEADLINE"#)
  }

  @Test("a deadline is thrown where all or one was asked for", arguments: [0, 100], [false, true])
  func late(wholeTasks: Int, isRace: Bool) async throws {
    let said = try await end(wholeTasks, when: { _ in true }, by: .deadline) { ctx in
      let members = Self.members("never-1", "never-2")
      let options = ParallelOptions(deadline: .seconds(5))
      if isRace { return try await ctx.race("g", members, options: options).winner }
      return "\(try await ctx.parallelVec("g", members, options: options))"
    }
    #expect(said == #"TIMEOUT GROUP_DEADLINE: Group "g" passed its deadline"#)
  }

  @Test("a group that was cancelled is thrown as such", arguments: [0, 100], 0..<4)
  func cancelled(wholeTasks: Int, call: Int) async throws {
    let said = try await end(wholeTasks, when: { _ in true }, by: .cancelled) { ctx in
      let members = Self.members("never-1", "never-2")
      switch call {
      case 0: return "\(try await ctx.parallelVec("g", members))"
      case 1: return try await ctx.race("g", members).winner
      case 2: return Self.said(of: try await ctx.collect("g", members))
      default: return Self.said(of: try await ctx.quorum("g", 1, members))
      }
    }
    #expect(said == #"CANCELLED GROUP_CANCELLED: Group "g" was cancelled"#)
  }

  @Test("a race that all lose has their kind if they share one", arguments: [0, 100])
  func raceLost(wholeTasks: Int) async throws {
    let said = try await end(wholeTasks) { ctx in try await ctx.race("g", Self.members("bad-1", "bad-2")).winner }
    #expect(said == #"NOT_FOUND GROUP_FAILED: All 2 members of race "g" failed: bad-1: gone; bad-2: gone"#)
  }

  @Test("a member that comes after its executor's group has failed is cancelled")
  func executor() async throws {
    let said = try await end(0) { ctx in
      let executor = ParallelExecutor(ctx, "g", nil, .failFast)
      _ = try? await executor.executeActivity(
        "bad", "bad", 1, as: Int.self, options: ActivityOptions(retryPolicy: RetryPolicy.none()))
      return "\(try await executor.executeStep("late") { 1 })"
    }
    #expect(said.hasPrefix("CANCELLED GROUP_CANCELLED: "))
  }
}

extension String {
  fileprivate func trimming() -> String { hasSuffix(" ") ? String(dropLast()) : self }
}

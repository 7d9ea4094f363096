import Engine
import Postgres
import Store
import TestSupport
import Testing

/// Operations of two coordinators that meet at one run: each began before the other had committed.
@Suite("Operations that meet at one run")
struct MeetingTests {
  /// One of two operations that meet.
  struct Side: Sendable {
    var name: String
    var make: @Sendable (StoreFixture, UInt64) -> Operation

    static let all: [Side] =
      OperationKind.allCases.map { kind in Side(name: kind.rawValue) { $0.busyOperation(kind, $1) } }
      + [
        Side(name: "suspend") { $0.suspend($1) },
        Side(name: "suspend with a slot") { $0.suspend($1, hasSlot: true) },
        Side(name: "settle a member") { $0.settle($1, "group/0") },
        Side(name: "settle a member into a slot") { $0.settle($1, "group/0", reserving: true) },
        Side(name: "settle into a slot") { $0.settle($1, "held", reserving: true) },
        Side(name: "settle a child") { $0.settleChild($1, first: $0.child(of: $1)) },
        Side(name: "fire a timer") { store, number in
          .settleStep(SettleStep(runID: store.id(number), stepKey: "timer", guard: .due(.waiting), state: .completed))
        },
        Side(name: "signal into a slot") { $0.signal($1, 8, reserving: true) },
        Side(name: "expire into a slot") { store, number in
          var expire = ExpireGroup(runID: store.id(number), groupKey: "late")
          expire.reservedSession = store.session
          return .expireGroup(expire)
        },
        Side(name: "cancel into a slot") { store, number in
          .cancelRun(
            CancelRun(
              runID: store.id(number), reason: "enough", graceMilliseconds: 60_000, reservedSession: store.session))
        },
        Side(name: "cancel a group") { store, number in
          var advance = AdvanceRun(runID: store.id(number), epoch: 1, disposition: .suspend)
          advance.groups.cancels = ["group", "kid", "held"]
          return .advanceRun(advance)
        },
        Side(name: "give the task back") {
          .advanceRun(AdvanceRun(runID: $0.id($1), epoch: 1, disposition: .giveBack))
        },
        Side(name: "park") { .advanceRun(AdvanceRun(runID: $0.id($1), epoch: 1, disposition: .park)) },
      ]

    /// What follows these in a batch hides them from `Interleaving`: they come second only.
    private static let last: Set<String> = ["claimRuns", "claimSteps", "decideFiring", "startFiring"]
    /// Under the same lease as the report before them, which its worker has not seen answered: it does not do that.
    private static let closing: Set<String> = ["closeRun", "continueRun"]
    private static let ofClosedRuns: Set<String> = [
      "reopenRun", "startRun", "forkRun", "settleStep", "signalRun", "endRun", "settle a member",
    ]

    static func pairs(_ stand: StoreFixture.Stand) -> [(first: Side, second: Side)] {
      let sides = stand == .closed ? all.filter { ofClosedRuns.contains($0.name) } : all
      return sides.filter { !last.contains($0.name) }.flatMap { first in
        sides.filter { !(first.name == "advanceRun" && closing.contains($0.name)) }.map { (first, $0) }
      }
    }
  }

  @Test("whatever meets whatever, nothing is lost, left open or done twice", arguments: StoreFixture.Stand.allCases)
  func everyPair(stand: StoreFixture.Stand) async throws {
    let pairs = Side.pairs(stand)
    try await StoreFixture.with { store in
      try await store.makeBusyRuns(1...UInt64(pairs.count), stand)
      let problems = try await store.database.withConnection { _ in
        let interleaving = try Interleaving(store.database)
        return zip(UInt64(1)..., pairs).flatMap { number, pair in
          let title = "\(pair.first.name), then \(pair.second.name)"
          do {
            let outcomes = try interleaving.run(pair.first.make(store, number), pair.second.make(store, number))
            return try interleaving.violations(of: store.id(number)).map {
              "\(title) (\(outcomes.first.word), \(outcomes.second.word)): \($0)"
            }
          } catch {
            return ["\(title): \(error)"]
          }
        }
      }
      #expect(problems == [])
    }
  }

  @Test("a run that is ended while a report adds to it is closed with all that the report added, and says who holds it")
  func endAndReport() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let outcomes = try await store.database.withConnection { _ in
        try Interleaving(store.database).run(.advanceRun(store.busyReport(1)), store.end(1))
      }
      guard case .advanced = outcomes.first, case .closed(let closed) = outcomes.second else {
        Issue.record("\(outcomes)")
        return
      }
      // The empty key is the workflow task itself.
      #expect(Set(closed.cancelledSteps.map(\.stepKey)) == ["", "held", "group/0", "late/0"])
      #expect(closed.strandedChildren.map(\.childRunID) == [store.id(store.child(of: 1))])
      #expect(try await store.steps(1).allSatisfy { $0.state.isSettled })
      #expect(try await store.groups(1).allSatisfy { $0.group.verdict == .cancelled })
    }
  }
}

extension Outcome {
  /// For a message.
  fileprivate var word: String { "\(self)".prefix { $0 != "(" }.description }
}

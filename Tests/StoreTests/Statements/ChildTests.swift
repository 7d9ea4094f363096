import Engine
import Postgres
import Store
import Testing

@Suite("Children and continuations on a real database")
struct ChildTests {
  @Test("a child starts in the transaction that records its step, and a report recorded twice starts one")
  func starting() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let report = store.startChild(1, child: 2)
      guard case .advanced(let advanced) = try await store.execute(.advanceRun(report)) else { return fail("refused") }
      #expect(Array(advanced.children.started.keys) == [store.id(2)] && advanced.children.unstarted.isEmpty)
      let child = try #require(try await store.run(2))
      #expect(child.parentRunID == store.id(1) && child.parentStep == "kid" && child.status == .running)
      #expect(try await store.steps(1).map(\.childRunID) == [store.id(2)])
      // The report again has made a new id for the child; the key is recorded already.
      guard case .advanced(let again) = try await store.execute(.advanceRun(store.startChild(1, child: 3))) else {
        return fail("refused")
      }
      #expect(again.children.started.isEmpty && again.children.unstarted.isEmpty)
      // The very same operation again, as after a commit whose answer was lost.
      guard case .advanced(let rerun) = try await store.execute(.advanceRun(report)) else { return fail("refused") }
      #expect(rerun.children.unstarted.isEmpty)
      #expect(try await store.run(3) == nil)
      #expect(try await store.notices().isEmpty)
    }
  }

  @Test("a report whose lease is lost starts no child")
  func refusedReport() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var report = store.startChild(1, child: 2)
      report.epoch = 7
      guard case .refused = try await store.execute(.advanceRun(report)) else { return fail("recorded") }
      #expect(try await store.run(2) == nil)
      #expect(try await store.steps(1).isEmpty)
      #expect(try await store.notices().isEmpty)
    }
  }

  @Test("the same operation after its child has closed already is harmless")
  func rerunAfterTheEnd() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let report = store.startChild(1, child: 2)
      try await store.execute(.advanceRun(report))
      try await store.execute(store.close(2))
      guard case .advanced(let again) = try await store.execute(.advanceRun(report)) else { return fail("refused") }
      #expect(again.children.started.isEmpty && again.children.unstarted.isEmpty)
      #expect(try await store.run(2)?.status == .completed)
    }
  }

  @Test("a child whose workflow id is taken is not started; that is noted until its step is settled")
  func taken() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.startRun(store.start(5)))
      let report = store.startChild(1, child: 2, workflowID: "workflow-5")
      guard case .advanced(let advanced) = try await store.execute(.advanceRun(report)) else { return fail("refused") }
      #expect(advanced.children.started.isEmpty && advanced.children.unstarted == [store.id(2)])
      guard case .ended(let notice)? = try await store.notices().first else { return fail("not noted") }
      #expect(notice.status == nil && notice.failure == [66] && notice.parent.runID == store.id(1))
      guard case .woken = try await store.execute(store.settleChild(1, first: 2)) else { return fail("not settled") }
      #expect(try await store.notices().isEmpty)
      #expect(try await store.run(5)?.status == .running)
    }
  }

  @Test("a child whose made workflow id is taken has its run id for one, in the same transaction")
  func renamed() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.startRun(store.start(5)))
      var report = store.startChild(1, child: 2, workflowID: "workflow-5")
      report.children[0].hasMadeWorkflowID = true
      for expected in [[store.id(2)], []] {
        guard case .advanced(let advanced) = try await store.execute(.advanceRun(report)) else {
          return fail("refused")
        }
        #expect(Array(advanced.children.renamed) == expected && Array(advanced.children.started.keys) == expected)
        #expect(advanced.children.unstarted.isEmpty)
      }
      #expect(try await store.run(2)?.workflowID == store.id(2).description)
      #expect(try await store.notices().isEmpty)
    }
  }

  @Test(
    "a child's end is noted with its close, settles its step once, and only the step that waits for it",
    arguments: [true, false])
  func ending(onlyWhenSettled: Bool) async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.advanceRun(store.startChild(1, child: 2)))
      guard
        case .closed(let closed) = try await store.execute(store.close(2, onlyWhenSettled: onlyWhenSettled))
      else { return fail("not closed") }
      let ended = try #require(closed.endedChild)
      #expect(ended.firstRunID == store.id(2) && ended.parent.runID == store.id(1) && ended.parentStep == "kid")
      guard case .ended(let notice)? = try await store.notices().first else { return fail("not noted") }
      #expect(notice.runID == store.id(2) && notice.status == .completed)
      guard case .refused = try await store.execute(store.settleChild(1, first: 3, ended: 9)) else {
        return fail("settled by a stranger")
      }
      #expect(try await store.notices().count == 1)
      guard case .woken = try await store.execute(store.settleChild(1, first: 2)) else { return fail("not settled") }
      #expect(try await store.notices().isEmpty)
      guard case .refused = try await store.execute(store.settleChild(1, first: 2)) else {
        return fail("settled twice")
      }
      #expect(try await store.outputs(1) == ["kid": 9])
    }
  }

  @Test("a run without a parent or children leaves no notice", arguments: [true, false])
  func nothingOwed(onlyWhenSettled: Bool) async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      guard
        case .closed(let closed) = try await store.execute(store.close(1, onlyWhenSettled: onlyWhenSettled))
      else { return fail("not closed") }
      #expect(closed.endedChild == nil && closed.strandedChildren.isEmpty)
      #expect(try await store.notices().isEmpty)
    }
  }

  @Test("a parent's close strands its open children, but those that are to go on", arguments: [true, false])
  func stranding(byItsWorker: Bool) async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      for (child, policy) in zip([2, 3, 4, 5] as [UInt64], ParentClosePolicy.allCases + [.cancel]) {
        try await store.execute(.advanceRun(store.startChild(1, "kid\(child)", child: child, policy: policy)))
      }
      // One that is done with is not open.
      try await store.execute(store.close(5))
      try await store.execute(store.settleChild(1, "kid5", first: 5))
      guard case .closed(let closed) = try await store.execute(byItsWorker ? store.close(1) : store.end(1)) else {
        return fail("not closed")
      }
      #expect(Set(closed.strandedChildren.map(\.childRunID)) == [store.id(2), store.id(3)])
      #expect(try await store.notices().count == 2)
      let open = try await store.read(OpenChild(parentRunID: store.id(1), parentStep: "kid3"))
      #expect(open.map(\.run.runID) == [store.id(3)] && open.first?.policy == .terminate)
      try await store.execute(.forgetNotice(ChildNotice(runID: store.id(2), kind: .stranded)))
      #expect(try await store.notices().count == 1)
      // The end of a child whose parent is closed is nobody's business.
      guard case .closed(let orphan) = try await store.execute(store.close(4)) else { return fail("not closed") }
      #expect(orphan.endedChild == nil)
      #expect(try await store.notices().count == 1)
    }
  }

  @Test("the end of a child whose parent closed meanwhile is moot")
  func moot() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.advanceRun(store.startChild(1, child: 2)))
      try await store.execute(store.close(2))
      try await store.execute(store.end(1))
      let notices = try await store.notices()
      #expect(notices.contains { if case .moot(let notice) = $0 { notice.runID == store.id(2) } else { false } })
    }
  }

  @Test("a run goes on as a new one in one statement, with all that belongs to it; the same again is refused")
  func continuing() async throws {
    try await StoreFixture.with { store in
      var start = store.start(1)
      start.tags = #"{"a": "b"}"#
      start.headers = [7]
      start.timeoutMilliseconds = 60_000
      try await store.execute(.startRun(start))
      let continuation = store.continueAsNew(1, as: 2)
      guard case .continued(let continued) = try await store.execute(.continueRun(continuation)) else {
        return fail("not continued")
      }
      #expect(continued.closed.closing.status == .continued && continued.timeoutMilliseconds == 60_000)
      let (old, new) = (try #require(try await store.run(1)), try #require(try await store.run(2)))
      #expect(old.status == .continued && old.relatedRunID == store.id(2))
      #expect(new.status == .running && new.relatedRunID == store.id(1) && new.workflowID == old.workflowID)
      #expect(new.tags == old.tags && new.input == [2] && new.nextWakeAt != nil && new.sessionID == store.session)
      guard case .refused = try await store.execute(.continueRun(continuation)) else { return fail("continued twice") }
      guard case .conflict = try await store.execute(.startRun(start)) else { return fail("the id was free") }
    }
  }

  @Test("a chain's last run settles the step that waits for its first")
  func chainOfChildren() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.advanceRun(store.startChild(1, child: 2)))
      for (number, next) in [(2, 3), (3, 4)] as [(UInt64, UInt64)] {
        guard
          case .continued(let continued) = try await store.execute(
            .continueRun(store.continueAsNew(number, as: next)))
        else { return fail("not continued") }
        #expect(continued.closed.endedChild == nil)
        #expect(try await store.notices().isEmpty)
      }
      #expect(
        try await store.read(OpenChild(parentRunID: store.id(1), parentStep: "kid")).map(\.run.runID) == [store.id(4)])
      guard case .closed(let closed) = try await store.execute(store.close(4)) else { return fail("not closed") }
      #expect(closed.endedChild?.firstRunID == store.id(2))
      guard case .woken = try await store.execute(store.settleChild(1, first: 2, ended: 4)) else {
        return fail("not settled")
      }
      #expect(try await store.notices().isEmpty)
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}

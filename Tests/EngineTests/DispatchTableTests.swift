import Engine
import SeededRandom
import Testing

@Suite("The dispatch table")
struct DispatchTableTests {
  private let workflow = TaskKey(kind: .workflow, namespace: "n", queue: "q", type: "w", version: 1)
  private let activity = TaskKey(kind: .activity, namespace: "n", queue: "q", type: "a", version: 1)
  private func id(_ number: Int) -> SessionID { UUID(high: 0, low: UInt64(number)) }

  /// A table whose backlog is known to be empty.
  private func table(sessions: Int, workflows: Int, activities: Int = 0) -> DispatchTable {
    var table = DispatchTable()
    for number in 1...sessions {
      table.attach(id(number), DispatchTable.Session(keys: [workflow, activity]))
      table.grant(id(number), workflows: workflows, activities: activities)
    }
    for claim in table.nextClaims() {
      for session in claim.slots { table.release(session, claim.key.kind) }
      table.claimFinished(claim, taken: 0)
    }
    return table
  }

  @Test("slots are reserved once each, spread over sessions, and none is left over")
  func reserving() {
    var table = table(sessions: 3, workflows: 2)
    let taken = (0..<6).compactMap { _ in table.reserve(workflow) }
    #expect(taken.count == 6)
    for number in 1...3 { #expect(taken.count { $0 == id(number) } == 2) }
    #expect(table.reserve(workflow) == nil)
    #expect(table.reserve(activity) == nil)
  }

  @Test("the preferred session comes first while it has a slot")
  func preference() {
    var table = table(sessions: 2, workflows: 2)
    #expect(table.reserve(workflow, preferring: id(2)) == id(2))
    #expect(table.reserve(workflow, preferring: id(2)) == id(2))
    #expect(table.reserve(workflow, preferring: id(2)) == id(1))
  }

  @Test("a released slot is there again")
  func releasing() {
    var table = table(sessions: 1, workflows: 1)
    #expect(table.reserve(workflow) == id(1))
    #expect(table.reserve(workflow) == nil)
    table.release(id(1), .workflow)
    #expect(table.reserve(workflow) == id(1))
  }

  @Test("new work does not pass what waits in the database; a run that goes on does")
  func backlog() {
    var table = table(sessions: 1, workflows: 2)
    table.noteReady(workflow)
    #expect(table.reserve(workflow) == nil)
    #expect(table.reserve(workflow, jumpsQueue: true) == id(1))
  }

  @Test("one claim a key is in flight, with all free slots; what it leaves is released")
  func claims() throws {
    var table = table(sessions: 2, workflows: 3)
    table.noteReady(workflow)
    let claim = try #require(table.nextClaims().first)
    #expect(claim.slots.count == 6)
    table.noteReady(workflow)
    #expect(table.nextClaims().isEmpty)
    for session in claim.slots { table.release(session, .workflow) }
    table.claimFinished(claim, taken: 0)
    // Announced again while the claim was under way: it may have looked too early.
    #expect(table.nextClaims().count == 1)
  }

  @Test("an exhausted claim ends the backlog")
  func exhaustion() throws {
    var table = table(sessions: 1, workflows: 4)
    table.noteReady(workflow)
    let claim = try #require(table.nextClaims().first)
    for session in claim.slots.dropFirst(1) { table.release(session, .workflow) }
    table.claimFinished(claim, taken: 1)
    #expect(table.nextClaims().isEmpty)
    #expect(table.reserve(workflow) == id(1))
  }

  @Test("a draining or detached session gets nothing")
  func draining() {
    var table = table(sessions: 2, workflows: 1)
    table.drain(id(1))
    table.detach(id(2))
    #expect(table.reserve(workflow) == nil)
    #expect(table.reserve(workflow, preferring: id(1)) == nil)
  }

  @Test("over a hundred thousand seeded events slots are never taken twice and never lost")
  func conservation() {
    var generator = Seeded(seed: 9)
    var table = DispatchTable()
    var granted: [SessionID: Int] = [:]
    var reserved: [SessionID] = []
    for number in 1...5 { table.attach(id(number), DispatchTable.Session(keys: [workflow])) }
    for _ in 0..<100_000 {
      switch Int.random(in: 0..<5, using: &generator) {
      case 0:
        let session = id(Int.random(in: 1...5, using: &generator))
        table.grant(session, workflows: 1, activities: 0)
        granted[session, default: 0] += 1
      case 1:
        let preferred = Bool.random(using: &generator) ? id(Int.random(in: 1...5, using: &generator)) : nil
        if let session = table.reserve(workflow, preferring: preferred, jumpsQueue: true) {
          granted[session, default: 0] -= 1
          reserved.append(session)
          #expect(granted[session, default: 0] >= 0)
        } else {
          #expect(granted.values.allSatisfy { $0 == 0 })
        }
      case 2:
        guard let session = reserved.popLast() else { continue }
        table.release(session, .workflow)
        granted[session, default: 0] += 1
      case 3: table.noteReady(workflow)
      default:
        for claim in table.nextClaims(limit: 3) {
          for session in claim.slots { granted[session, default: 0] -= 1 }
          let taken = Int.random(in: 0...claim.slots.count, using: &generator)
          for session in claim.slots.dropFirst(taken) {
            table.release(session, .workflow)
            granted[session, default: 0] += 1
          }
          table.claimFinished(claim, taken: taken)
        }
      }
    }
  }
}

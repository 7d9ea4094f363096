import Engine
import Messages
import Store
import Testing

@testable import Services

@Suite("What a session does with a task that is given back because nobody seems to have heard of it")
struct WorkerSessionWithdrawalTests {
  private let token = TaskToken(runID: UUID(high: 1, low: 1), sessionID: UUID(high: 2, low: 2), epoch: 1, step: "a")
  private let outbox = Outbox()

  private func session() -> WorkerSession {
    let session = WorkerSession(
      id: token.sessionID, workerID: "w", namespace: "default", keys: [], lease: .seconds(30))
    session.attach(outbox)
    return session
  }

  private func push(_ token: TaskToken, to session: WorkerSession) -> WorkerSession.Push {
    let run = RunReference(
      runID: token.runID, namespace: "default", workflowID: "id", workflowType: "w", workflowVersion: 1,
      taskQueue: "q", priority: 0, headers: nil, stickySession: nil)
    return session.push(
      HeldTask(token: token, run: run, acceptBy: .now + .seconds(5)), WorkerTask(token: token.bytes))
  }

  @Test("should it have been on its way after all, it is not pushed any more, however often; its next hand-out is")
  func withdrawn() {
    let session = session()
    #expect(session.withdraw(token))
    #expect(push(token, to: session) == .withdrawn)
    #expect(push(token, to: session) == .withdrawn)
    #expect(session.task(token) == nil && outbox.tokens == [])
    var next = token
    next.epoch += 1
    #expect(push(next, to: session) == .sent)
    #expect(outbox.tokens == [next.bytes])
  }

  @Test("it is not taken from a worker that has it")
  func held() {
    let session = session()
    #expect(push(token, to: session) == .sent)
    #expect(!session.withdraw(token))
    #expect(session.task(token) != nil)
    #expect(push(token, to: session) == .known)
  }

  @Test("it is remembered from one reconciliation to the next, and forgotten then")
  func forgotten() {
    let session = session()
    #expect(session.withdraw(token))
    session.forgetWithdrawn()
    #expect(push(token, to: session) == .withdrawn)
    session.forgetWithdrawn()
    #expect(push(token, to: session) == .sent)
  }
}

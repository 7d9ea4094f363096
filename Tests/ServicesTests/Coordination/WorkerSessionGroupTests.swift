import Engine
import GRPC
import Messages
import Store
import Testing

@testable import Services

@Suite("What a session knows of the groups its worker was told of")
struct WorkerSessionGroupTests {
  private let task = TaskToken(runID: UUID(high: 1, low: 1), sessionID: UUID(high: 2, low: 2), epoch: 1, step: nil)

  private func session() -> WorkerSession {
    WorkerSession(id: task.sessionID, workerID: "w", namespace: "default", keys: [], lease: .seconds(30))
  }

  private var held: HeldTask {
    HeldTask(
      token: task,
      run: RunReference(
        runID: task.runID, namespace: "default", workflowID: "id", workflowType: "w", workflowVersion: 1,
        taskQueue: "q", priority: 0, headers: nil, stickySession: nil), acceptBy: .now + .seconds(5))
  }

  @Test(
    "what there is to tell of a task that is not there yet, or on its way, is told once it was accepted",
    arguments: [true, false])
  func early(isSent: Bool) {
    let session = session()
    session.attach(Outbox())
    if !isSent { #expect(!session.notesTold(task, ["g"])) }
    #expect(session.push(held, WorkerTask(token: task.bytes)) == .sent)
    if isSent { #expect(!session.notesTold(task, ["g"])) }
    #expect(session.accept(task))
    #expect(!session.accept(task), "once")
    #expect(session.notesTold(task, ["g"]))
    #expect(session.toldGroups(task) == ["g"])
  }

  @Test("a new connection is told again, an ended task of nothing")
  func again() {
    let session = session()
    session.hold(held)
    _ = session.accept(task)
    #expect(session.notesTold(task, ["g"]))
    session.answers(task, ["h"])
    #expect(session.toldGroups(task) == ["g", "h"])
    #expect(session.forgetTold() == [task])
    #expect(session.toldGroups(task).isEmpty)
    session.remove(task)
    #expect(session.forgetTold().isEmpty)
  }

  @Test("what there is to tell of a task that never comes is forgotten")
  func neverComes() {
    let session = session()
    #expect(!session.notesTold(task, ["g"]))
    session.forgetEarly(except: [])
    session.attach(Outbox())
    #expect(session.push(held, WorkerTask(token: task.bytes)) == .sent)
    #expect(!session.accept(task))
  }
}

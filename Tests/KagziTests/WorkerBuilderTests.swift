import Foundation
import Logging
import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("A worker's settings", .timeLimit(.minutes(1)))
struct WorkerBuilderTests {
  @Test("checklist 18: the defaults are the guide's")
  func defaults() async throws {
    let configuration = WorkerConfiguration(workerID: "w", hostname: "h")
    #expect(configuration.maxConcurrentWorkflows == 10 && configuration.maxConcurrentActivities == 10)
    #expect(configuration.heartbeatInterval == .seconds(30))
    #expect(configuration.gracefulShutdownTimeout == .seconds(300))
    #expect(configuration.pollInterval == .milliseconds(500))
    #expect(configuration.leaseDuration == .seconds(30))
    // At most a third of the lease is asked for.
    let request = WorkSession.registration(of: Registrations(), by: configuration)
    #expect(request.heartbeatInterval == ProtoDuration(seconds: 10, nanos: 0))
    #expect(request.leaseDuration == ProtoDuration(seconds: 30, nanos: 0))
    #expect(request.workflowSlots == 10 && request.activitySlots == 10)
    #expect(request.pid == UInt32(ProcessInfo.processInfo.processIdentifier))
  }

  @Test("checklist 19: heartbeats go on while a worker drains, say so, and end with the last task")
  func draining() async throws {
    let began = Gate()
    let finish = Gate()
    let activity = WorkerFixture.activity { (_: Int, _) in
      began.open()
      await finish.wait()
      return 1
    }
    let coordinator = FakeCoordinator()
    coordinator.state.withLock { $0.heartbeatInterval = .milliseconds(50) }
    let workflow = WorkerFixture.workflow { (context, _: Int) in try await context.activity("a", 0, as: Int.self) }
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["a": activity]) { fixture in
      try coordinator.start("w", 0, id: "1")
      await began.wait()
      fixture.session.stop()
      // Several beats come, although the worker drains.
      await coordinator.until { $0.beats.filter(\.draining).count >= 3 }
      #expect(coordinator.state.withLock { $0.goodbyes } == 0)
      finish.open()
      await coordinator.until { $0.goodbyes == 1 }
      #expect(coordinator.state.withLock { $0.runs["1"]?.steps["a"]?.state } == .completed)
    }
  }

  @Test("checklist 19: asked again with a timeout, a draining worker hands back what still runs")
  func hurried() async throws {
    let began = Gate()
    let activity = WorkerFixture.activity { (_: Int, _) in
      began.open()
      try await Task.sleep(for: .seconds(1_000))
      return 1
    }
    let coordinator = FakeCoordinator()
    let workflow = WorkerFixture.workflow { (context, _: Int) in try await context.activity("a", 0, as: Int.self) }
    try await WorkerFixture.with(
      coordinator, workflows: ["w": workflow], activities: ["a": activity], gracefulTimeout: .seconds(600)
    ) { fixture in
      try coordinator.start("w", 0, id: "1")
      await began.wait()
      fixture.session.stop()
      await coordinator.until { $0.beats.contains(where: \.draining) }
      fixture.session.stop(timeout: .zero)
      await coordinator.until { $0.goodbyes == 1 }
      #expect(coordinator.state.withLock { $0.runs["1"]?.steps["a"]?.state } == .ready)
    }
  }
}

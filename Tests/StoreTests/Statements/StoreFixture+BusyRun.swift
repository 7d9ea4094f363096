import Engine
import Postgres
import Store

/// A run with something of every kind in it, and operations that concern it.
extension StoreFixture {
  /// Where a busy run stands.
  enum Stand: String, CaseIterable, Sendable {
    /// A session holds its task, of epoch 1.
    case held
    /// It waits, and a session has its function in memory.
    case asleep
    /// It was terminated.
    case closed
  }

  /// The number of the child that run `number` waits for.
  func child(of number: UInt64) -> UInt64 { number + 10_000 }

  /// Its tasks have a queue of their own.
  private func queue(_ number: UInt64) -> String { "q-\(number)" }

  func makeBusyRuns(_ numbers: ClosedRange<UInt64>, _ stand: Stand) async throws {
    try await execute(
      numbers.map { number in
        var start = start(number)
        start.taskQueue = queue(number)
        return .startRun(start)
      })
    try await execute(numbers.map { .advanceRun(busyReport($0)) })
    switch stand {
    case .held: break
    case .asleep: try await execute(numbers.map { suspend($0) })
    case .closed: try await execute(numbers.map(end))
    }
  }

  /// A report that adds a step of every kind and two groups, the deadline of one of which passes at once.
  func busyReport(_ number: UInt64, prefix: String = "", child: UInt64? = nil) -> AdvanceRun {
    var advance = startChild(number, prefix + "kid", child: child ?? self.child(of: number))
    advance.children[0].start?.reservedSession = nil
    var retrying = activity(prefix + "retrying", leased: false)
    retrying.state = .retrying
    retrying.delayMilliseconds = 0
    var timer = NewStep(key: prefix + "timer", kind: .sleep, state: .waiting)
    timer.delayMilliseconds = 0
    var signal = NewStep(key: prefix + "signal", kind: .signal, state: .waiting)
    signal.signalName = prefix + "n"
    advance.awaitsSignals = true
    advance.steps += [
      activity(prefix + "held", leased: true), activity(prefix + "ready", leased: false), retrying, timer, signal,
      NewStep(key: prefix + "local", kind: .local, state: .completed),
    ]
    for name in ["group", "late"] {
      var group = NewGroup(key: prefix + name, group: Group(strategy: .collectAll, memberCount: 3))
      if name == "late" { group.deadlineMilliseconds = 1 }
      advance.groups.opens.append(group)
      for index in 0..<2 {
        var step = activity(prefix + "\(name)/\(index)", leased: index == 0)
        step.groupKey = prefix + name
        advance.steps.append(step)
      }
    }
    for index in advance.steps.indices { advance.steps[index].activity?.taskQueue = queue(number) }
    return advance
  }

  /// An operation of a kind that concerns the busy run; a batch of several kinds is made by calling it for each.
  func busyOperation(_ kind: OperationKind, _ number: UInt64) -> Operation {
    let runID = id(number)
    switch kind {
    case .startRun:
      // The run's own workflow id: free only while the run is closed.
      var start = start(number + 20_000, leased: false)
      start.workflowID = "workflow-\(number)"
      return .startRun(start)
    case .advanceRun: return .advanceRun(busyReport(number, prefix: "more-", child: number + 30_000))
    case .closeRun: return close(number)
    case .continueRun: return .continueRun(continueAsNew(number, as: number + 40_000))
    case .signalRun: return signal(number, 7)
    case .forgetNotice: return .forgetNotice(ChildNotice(runID: id(child(of: number)), kind: .stranded))
    case .settleStep: return settle(number, "held")
    case .retryStep:
      return .retryStep(
        RetryStep(
          runID: runID, stepKey: "held", guard: .held(epoch: 1), attempt: 1, failure: [1], delayMilliseconds: 60_000))
    case .releaseStep: return .releaseStep(ReleaseStep(runID: runID, stepKey: "held", epoch: 1))
    case .readyStep: return .readyStep(ReadyStep(runID: runID, stepKey: "retrying"))
    case .parkStep: return .parkStep(DetachStep(runID: runID, stepKey: "held", epoch: 1))
    case .recordProgress:
      return .recordProgress(RecordProgress(runID: runID, stepKey: "held", epoch: 1, progress: [5]))
    case .releaseRun:
      return .releaseRun(ReleaseRun(runID: runID, epoch: 1, isLoss: true, lossLimit: 10, reason: "lost"))
    case .wakeRun: return .wakeRun(WakeRun(runID: runID))
    case .cancelRun: return .cancelRun(CancelRun(runID: runID, reason: "enough", graceMilliseconds: 60_000))
    case .endRun: return end(number)
    case .moveRun:
      return .moveRun(MoveRun(runID: runID, fromVersion: 1, toVersion: 2, sequence: busySequence))
    case .expireGroup: return .expireGroup(ExpireGroup(runID: runID, groupKey: "late"))
    case .pauseRun: return pause(number)
    case .resumeRun: return .resumeRun(ResumeRun(runID: runID))
    case .restartRun:
      return .restartRun(
        RestartRun(
          runID: runID, epoch: 1, failure: [1], delayMilliseconds: 60_000, reason: "it failed", workerID: "worker",
          dropped: [2]))
    case .reopenRun: return .reopenRun(ReopenRun(runID: runID, dropped: [2]))
    case .forkRun:
      return .forkRun(
        ForkRun(
          source: runID, runID: id(number + 50_000), workflowID: "fork-\(number)", workflowVersion: 1, fromStep: "held")
      )
    case .claimRuns:
      return .claimRuns(
        ClaimTasks(
          key: TaskKey(kind: .workflow, namespace: "default", queue: queue(number), type: "w", version: 1),
          slots: [session]))
    case .claimSteps:
      return .claimSteps(
        ClaimTasks(
          key: TaskKey(kind: .activity, namespace: "default", queue: queue(number), type: "a", version: 1),
          slots: [session]))
    case .decideFiring: return .decideFiring(firing(number, revision: 1, run: number + 60_000, at: 0))
    case .startFiring:
      return .startFiring(
        StartFiring(
          scheduleUID: scheduleUID(number), revision: 2, number: 1, start: start(number + 70_000, leased: false)))
    }
  }

  /// The change counter of a busy run that is held or asleep: the start, then each step and each group of the report.
  private var busySequence: Int64 { Int64(2 + busyReport(1).steps.count + busyReport(1).groups.opens.count) }

  func pause(_ number: UInt64) -> Operation { .pauseRun(PauseRun(runID: id(number), reason: "pause")) }
}

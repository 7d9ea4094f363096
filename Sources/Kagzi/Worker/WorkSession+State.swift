internal import Messages

extension WorkSession {
  /// A task that the worker holds.
  enum HeldTask {
    case workflow(RunExecution)
    case activity(ActivityExecution)
  }

  /// A workflow function in memory, with the token of its current or last task.
  struct HeldRun {
    var execution: RunExecution
    var token: [UInt8]
  }

  /// A report that was not answered yet. It is sent again, with the same content, on every new stream.
  struct Unanswered {
    var report: TaskReport
    var run: RunExecution?
    var number: UInt64 = 0
    var ending = RunEnding.closes
    var refusals = 0
  }

  struct State {
    /// The stream, once it is welcomed.
    var stream: WorkOutbox?
    var epoch = 0
    var sessionID = ""
    var lastReportID: UInt64 = 0
    var unanswered: [UInt64: Unanswered] = [:]
    /// Tasks that arrived and were neither accepted nor reported yet.
    var unaccepted: Set<[UInt8]> = []
    var isAcceptScheduled = false
    var tasks: [[UInt8]: HeldTask] = [:]
    var runs: [String: HeldRun] = [:]
    var suspended: SuspendedRuns
    var activeWorkflows = 0
    var activeActivities = 0
    var isDraining = false
    /// What still runs is to be handed back now.
    var isHurried = false
    /// The worker has left.
    var isOver = false
    var limits = RunMachine.Limits()
    var heartbeatInterval: Duration
    var lastReceived: ContinuousClock.Instant
    var isWelcomed = false
    /// The most reports that the coordinator takes in one message.
    var maxReports = 0
    /// The newest progress of activities since the last beat.
    var progress: [[UInt8]: Payload?] = [:]
    var isProgressScheduled = false
    var lastProgressBeat: ContinuousClock.Instant?
    /// Woken when nothing is active, or nothing is unanswered, while draining.
    var watchers: [(condition: @Sendable (State) -> Bool, wake: @Sendable () -> Void)] = []

    mutating func nextReportID() -> UInt64 {
      lastReportID += 1
      return lastReportID
    }

    /// The slots to grant on a new stream.
    func openGrant(_ configuration: WorkerConfiguration) -> SlotGrant? {
      guard !isDraining else { return nil }
      let grant = SlotGrant(
        workflowSlots: UInt32(clamping: configuration.maxConcurrentWorkflows - activeWorkflows),
        activitySlots: UInt32(clamping: configuration.maxConcurrentActivities - activeActivities))
      return grant.workflowSlots + grant.activitySlots > 0 ? grant : nil
    }

    /// Everything the coordinator must not give away while we are reconnecting.
    var heldTokens: [[UInt8]] {
      Array(Set(tasks.keys).union(unanswered.values.map(\.report.token)))
    }
  }
}

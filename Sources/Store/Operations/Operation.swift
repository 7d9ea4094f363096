package import Engine
package import Postgres

/// One change of durable state, decided by the engine and guarded by its own SQL. Operations of all calls in flight share
/// a transaction; each has its own outcome.
package enum Operation: Sendable {
  case startRun(StartRun)
  case advanceRun(AdvanceRun)
  case closeRun(CloseRun)
  case continueRun(ContinueRun)
  case signalRun(SignalRun)
  case forgetNotice(ChildNotice)
  case settleStep(SettleStep)
  case retryStep(RetryStep)
  case releaseStep(ReleaseStep)
  case readyStep(ReadyStep)
  case parkStep(DetachStep)
  case recordProgress(RecordProgress)
  case releaseRun(ReleaseRun)
  case wakeRun(WakeRun)
  case cancelRun(CancelRun)
  case endRun(EndRun)
  case moveRun(MoveRun)
  case expireGroup(ExpireGroup)
  case pauseRun(PauseRun)
  case resumeRun(ResumeRun)
  case restartRun(RestartRun)
  case reopenRun(ReopenRun)
  case forkRun(ForkRun)
  case claimRuns(ClaimTasks)
  case claimSteps(ClaimTasks)
  case decideFiring(DecideFiring)
  case startFiring(StartFiring)

  /// What orders operations: those of one run share a lane. A start is ordered by its workflow id, a claim by its queue.
  package var laneKey: UInt64 {
    switch self {
    case .startRun(let start): UInt64(truncatingIfNeeded: start.workflowID.hashValue)
    case .advanceRun(let advance): advance.runID.low
    case .closeRun(let close): close.runID.low
    case .continueRun(let next): next.close.runID.low
    case .signalRun(let signal): signal.runID.low
    case .forgetNotice(let notice): notice.runID.low
    case .settleStep(let settle): settle.runID.low
    case .retryStep(let retry): retry.runID.low
    case .releaseStep(let release): release.runID.low
    case .readyStep(let ready): ready.runID.low
    case .parkStep(let detach): detach.runID.low
    case .recordProgress(let progress): progress.runID.low
    case .releaseRun(let release): release.runID.low
    case .wakeRun(let wake): wake.runID.low
    case .cancelRun(let cancel): cancel.runID.low
    case .endRun(let end): end.runID.low
    case .moveRun(let move): move.runID.low
    case .expireGroup(let expire): expire.runID.low
    case .pauseRun(let pause): pause.runID.low
    case .resumeRun(let resume): resume.runID.low
    case .restartRun(let restart): restart.runID.low
    case .reopenRun(let reopen): reopen.runID.low
    case .forkRun(let fork): UInt64(truncatingIfNeeded: fork.workflowID.hashValue)
    case .claimRuns(let claim), .claimSteps(let claim): UInt64(truncatingIfNeeded: claim.key.hashValue)
    case .decideFiring(let firing): firing.scheduleUID.low
    case .startFiring(let firing): firing.scheduleUID.low
    }
  }

  /// About what the operation takes in memory and on the wire, in bytes.
  package var byteCount: Int {
    switch self {
    case .startRun(let start):
      256 + (start.input?.count ?? 0) + (start.headers?.count ?? 0) + (start.signal?.payload?.count ?? 0)
    case .advanceRun(let advance):
      64 + advance.steps.reduce(0) { $0 + $1.byteCount } + advance.children.reduce(0) { $0 + $1.byteCount }
        + advance.groups.byteCount
    case .closeRun(let close): close.byteCount
    case .continueRun(let next): 128 + next.close.byteCount + (next.input?.count ?? 0)
    case .signalRun(let signal): 128 + (signal.signal.payload?.count ?? 0)
    case .settleStep(let settle): 128 + (settle.output?.count ?? 0) + (settle.failure?.count ?? 0)
    case .retryStep(let retry): 128 + retry.failure.count
    case .recordProgress(let progress): 128 + (progress.progress?.count ?? 0)
    case .endRun(let end): 128 + end.failure.count
    case .restartRun(let restart): 128 + restart.failure.count + restart.steps.reduce(0) { $0 + $1.byteCount }
    case .forkRun(let fork): 256 + (fork.input?.count ?? 0)
    case .claimRuns(let claim), .claimSteps(let claim): 128 + 16 * claim.slots.count
    case .decideFiring(let firing): 512 + (firing.start?.input?.count ?? 0)
    case .startFiring(let firing): 512 + (firing.start.input?.count ?? 0)
    default: 128
    }
  }

  /// Whether a batch may hold only one such operation of a key. Steps that settle together are counted together.
  package var isExclusive: Bool {
    switch self {
    case .settleStep, .expireGroup, .recordProgress, .claimRuns, .claimSteps, .startRun, .signalRun, .forgetNotice:
      false
    default: true
    }
  }
}

/// What became of one operation, committed.
package enum Outcome: Sendable {
  /// The guard did not hold; nothing was changed. What holds instead is found by looking.
  case refused
  case done
  /// By the database's clock.
  case started(createdAt: PostgresTimestamp)
  /// An open run holds the workflow id, or the request id or a closed run's id was seen before.
  case conflict
  case advanced(Advanced)
  case closed(Closed)
  case continued(Continued)
  case signalled(Signalled)
  /// What an event did to its run. Of a report: it was refused, but a signal of the same batch used the slot reserved for it.
  case woken(Wake)
  /// What asking a run to cancel did, and whether it was not asked before.
  case asked(wake: Wake, isFirst: Bool)
  case moved(Moved)
  /// A step whose key may be a member's settled, or a group's deadline passed.
  case joined(Joined)
  case firing(FiringDecision)
  case resumed(Resumed)
  case restarted(Restarted)
  /// `passedOver`: ready tasks were locked at that moment, such as by a transaction that settles a step of the same run. They
  /// are still there.
  case claimedRuns([ClaimedRun], passedOver: Bool)
  case claimedSteps([ClaimedStep], passedOver: Bool)
}

/// What recording an open run's report led to.
package struct Advanced: Sendable {
  /// Whether the task was handed out again at once, to the same session, because something settled meanwhile; the new epoch.
  package var newEpoch: Int32?
  /// Whether the run is claimable now.
  package var isReady: Bool
  package var children = RecordedChildren()
  package var effects = GroupEffects()
  /// Whether the run is paused, so that its new activities are held back.
  package var isPaused: Bool
  /// The epoch that the report's activities began at; those handed out have the next one.
  package var stepEpoch: Int32
}

/// What letting a paused run go on led to.
package struct Resumed: Sendable {
  /// Whether the run is claimable now.
  package var isReady: Bool
  /// Kinds of activity that are claimable now.
  package var readyActivities: [TaskKey]
}

/// What beginning another attempt of a run led to.
package struct Restarted: Sendable {
  /// Steps that sessions held; they are dropped now.
  package var cancelledSteps: [HeldStep] = []
  /// Children of dropped steps that are to be stopped.
  package var strandedChildren: [StrandedChild] = []

  package init() {}
}

/// What closing a run led to.
package struct Closed: Sendable {
  package var closing: Closing
  /// Steps that sessions held when the run closed; they are cancelled now.
  package var cancelledSteps: [HeldStep]
  /// The run as its open parent knows it, if it is a child and did not go on as a new run.
  package var endedChild: EndedChild?
  /// Its own children that are to be stopped.
  package var strandedChildren: [StrandedChild] = []
  /// Groups that the report's own results resolved, or that were resolved before.
  package var resolvedGroups: [GroupRow] = []
}

/// What may have changed in a run up to its close, its output and failure left aside: the caller has those.
package struct Closing: Sendable {
  package var status: RunStatus
  package var reason: String?
  package var closedAt: PostgresTimestamp
  package var startedAt: PostgresTimestamp?
  package var sequence: Int64
  package var workflowVersion: Int32
  package var attempt: Int32
}

/// A step in a session's hands.
package struct HeldStep: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var sessionID: SessionID
  package var epoch: Int32
}

/// What settling a step, or another event, did to its run.
package enum Wake: Sendable {
  /// The run was held, parked or claimable already; it will see the news.
  case none
  /// The run is claimable now.
  case ready
  /// The task was handed to the reserved session under this epoch. `isDelta`: it has the function in memory.
  /// `isAlone`: nothing else settled in the same statement, so what settled is all that is new.
  case leased(epoch: Int32, isDelta: Bool, isAlone: Bool)
}

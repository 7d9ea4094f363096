internal import Engine
internal import Postgres

/// Operations with their places in the batch.
internal struct Placed<Value> {
  var indices: [Int] = []
  var values: [Value] = []

  mutating func append(_ value: Value, _ index: Int) {
    indices.append(index)
    values.append(value)
  }
}

/// Writes one statement's rows into the batch's outcomes.
internal typealias OutcomeCollector = (inout [Outcome]) -> Void

/// The operations of a batch by verb.
internal struct Verbs {
  var starts = Placed<StartRun>()
  var settles = Placed<SettleStep>()
  /// Steps whose key may be a member's.
  var memberSettles = Placed<SettleStep>()
  var expiries = Placed<ExpireGroup>()
  var retries = Placed<RetryStep>()
  var stepReleases = Placed<ReleaseStep>()
  var readies = Placed<ReadyStep>()
  var detaches = Placed<DetachStep>()
  var progress = Placed<RecordProgress>()
  var advances = Placed<AdvanceRun>()
  var closes = Placed<CloseRun>()
  var settledCloses = Placed<CloseRun>()
  var continuations = Placed<ContinueRun>()
  var signals = Placed<SignalRun>()
  var notices = Placed<ChildNotice>()
  var runReleases = Placed<ReleaseRun>()
  var wakes = Placed<WakeRun>()
  var cancels = Placed<CancelRun>()
  var ends = Placed<EndRun>()
  var moves = Placed<MoveRun>()
  var pauses = Placed<PauseRun>()
  var resumes = Placed<ResumeRun>()
  var restarts = Placed<RestartRun>()
  var reopens = Placed<ReopenRun>()
  var forks = Placed<ForkRun>()
  var runClaims = Placed<ClaimTasks>()
  var stepClaims = Placed<ClaimTasks>()
  var firings = Placed<DecideFiring>()
  var waitingFirings = Placed<StartFiring>()

  init(_ operations: [Operation]) {
    for (index, operation) in operations.enumerated() {
      switch operation {
      case .startRun(let start): starts.append(start, index)
      case .settleStep(let settle) where settle.stepKey.mayNameMember: memberSettles.append(settle, index)
      case .settleStep(let settle): settles.append(settle, index)
      case .expireGroup(let expire): expiries.append(expire, index)
      case .retryStep(let retry): retries.append(retry, index)
      case .releaseStep(let release): stepReleases.append(release, index)
      case .readyStep(let ready): readies.append(ready, index)
      case .parkStep(let detach): detaches.append(detach, index)
      case .recordProgress(let record): progress.append(record, index)
      case .advanceRun(let advance): advances.append(advance, index)
      case .closeRun(let close) where close.onlyWhenSettled: settledCloses.append(close, index)
      case .closeRun(let close): closes.append(close, index)
      case .continueRun(let next): continuations.append(next, index)
      case .signalRun(let signal): signals.append(signal, index)
      case .forgetNotice(let notice): notices.append(notice, index)
      case .releaseRun(let release): runReleases.append(release, index)
      case .wakeRun(let wake): wakes.append(wake, index)
      case .cancelRun(let cancel): cancels.append(cancel, index)
      case .endRun(let end): ends.append(end, index)
      case .moveRun(let move): moves.append(move, index)
      case .pauseRun(let pause): pauses.append(pause, index)
      case .resumeRun(let resume): resumes.append(resume, index)
      case .restartRun(let restart): restarts.append(restart, index)
      case .reopenRun(let reopen): reopens.append(reopen, index)
      case .forkRun(let fork): forks.append(fork, index)
      case .claimRuns(let claim): runClaims.append(claim, index)
      case .claimSteps(let claim): stepClaims.append(claim, index)
      case .decideFiring(let firing): firings.append(firing, index)
      case .startFiring(let firing): waitingFirings.append(firing, index)
      }
    }
  }

  /// Adds a statement a verb that occurs; the collectors are called once the transaction has committed.
  func add(to pipeline: PostgresPipeline) -> [OutcomeCollector] {
    let groups = GroupVerbs(self)
    groups.addLocks(pipeline)
    var collectors =
      addStarts(pipeline) + addSignals(pipeline) + addSettles(pipeline) + groups.addSettles(pipeline)
      + addStepChanges(pipeline)
    let joined = groups.addJoins(pipeline)
    collectors +=
      addAdvances(pipeline) + addChildren(pipeline) + addMatches(pipeline) + addCloses(pipeline)
      + addContinuations(pipeline) + groups.addReleases(pipeline, joined)
    collectors += addRunChanges(pipeline) + addPauses(pipeline) + addAttempts(pipeline) + addForks(pipeline)
    return collectors + addNotices(pipeline) + addFirings(pipeline) + addClaims(pipeline)
  }
}

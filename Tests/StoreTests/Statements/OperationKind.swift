import Store

/// Every kind of operation. The switch has no default: a new case of `Operation` does not compile before it is named here, and
/// then every test that goes through `allCases` wants to know how it behaves.
enum OperationKind: String, CaseIterable, Sendable {
  case startRun, advanceRun, closeRun, continueRun, signalRun, forgetNotice, settleStep, retryStep, releaseStep,
    readyStep
  case parkStep, recordProgress, releaseRun, wakeRun, cancelRun, endRun, moveRun, expireGroup, pauseRun, resumeRun
  case restartRun, reopenRun, forkRun, claimRuns, claimSteps, decideFiring, startFiring

  init(_ operation: Operation) {
    switch operation {
    case .startRun: self = .startRun
    case .advanceRun: self = .advanceRun
    case .closeRun: self = .closeRun
    case .continueRun: self = .continueRun
    case .signalRun: self = .signalRun
    case .forgetNotice: self = .forgetNotice
    case .settleStep: self = .settleStep
    case .retryStep: self = .retryStep
    case .releaseStep: self = .releaseStep
    case .readyStep: self = .readyStep
    case .parkStep: self = .parkStep
    case .recordProgress: self = .recordProgress
    case .releaseRun: self = .releaseRun
    case .wakeRun: self = .wakeRun
    case .cancelRun: self = .cancelRun
    case .endRun: self = .endRun
    case .moveRun: self = .moveRun
    case .expireGroup: self = .expireGroup
    case .pauseRun: self = .pauseRun
    case .resumeRun: self = .resumeRun
    case .restartRun: self = .restartRun
    case .reopenRun: self = .reopenRun
    case .forkRun: self = .forkRun
    case .claimRuns: self = .claimRuns
    case .claimSteps: self = .claimSteps
    case .decideFiring: self = .decideFiring
    case .startFiring: self = .startFiring
    }
  }
}

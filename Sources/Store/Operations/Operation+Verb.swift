extension Operation {
  /// What it does, for metrics: the name of its case.
  package var verb: String {
    switch self {
    case .startRun: "startRun"
    case .advanceRun: "advanceRun"
    case .closeRun: "closeRun"
    case .continueRun: "continueRun"
    case .signalRun: "signalRun"
    case .forgetNotice: "forgetNotice"
    case .settleStep: "settleStep"
    case .retryStep: "retryStep"
    case .releaseStep: "releaseStep"
    case .readyStep: "readyStep"
    case .parkStep: "parkStep"
    case .recordProgress: "recordProgress"
    case .releaseRun: "releaseRun"
    case .wakeRun: "wakeRun"
    case .cancelRun: "cancelRun"
    case .endRun: "endRun"
    case .moveRun: "moveRun"
    case .expireGroup: "expireGroup"
    case .pauseRun: "pauseRun"
    case .resumeRun: "resumeRun"
    case .restartRun: "restartRun"
    case .reopenRun: "reopenRun"
    case .forkRun: "forkRun"
    case .claimRuns: "claimRuns"
    case .claimSteps: "claimSteps"
    case .decideFiring: "decideFiring"
    case .startFiring: "startFiring"
    }
  }
}

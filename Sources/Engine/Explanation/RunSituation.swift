/// Everything that decides whether a run moves, as it was read at one time. Instants are microseconds since 1970 by the
/// database's clock.
package struct RunSituation: Sendable {
  /// A session that holds a task.
  package struct Holder: Sendable {
    package var workerID: String
    package var since: Int64?
    /// The lease ends then unless the worker beats.
    package var leaseUntil: Int64?

    package init(workerID: String, since: Int64?, leaseUntil: Int64?) {
      self.workerID = workerID
      self.since = since
      self.leaseUntil = leaseUntil
    }
  }

  /// A parallel group that is not resolved.
  package struct OpenGroup: Sendable {
    package var key: String
    /// 0: not known.
    package var memberCount: Int32
    package var settled: Int32
    package var deadlineAt: Int64?

    package init(key: String, memberCount: Int32, settled: Int32, deadlineAt: Int64?) {
      self.key = key
      self.memberCount = memberCount
      self.settled = settled
      self.deadlineAt = deadlineAt
    }
  }

  /// A step that is not settled.
  package struct OpenStep: Sendable {
    package var key: String
    package var kind: StepKind
    package var state: StepState
    package var attempt: Int32 = 1
    package var dueAt: Int64?
    package var readySince: Int64?
    package var deadlineAt: Int64?
    package var holder: Holder?
    /// The last attempt's failure, in words.
    package var failure: String?
    package var isHeldBack = false
    package var supply: WorkerSupply?
    package var childRunID: String?
    package var signalName: String?

    package init(key: String, kind: StepKind, state: StepState) {
      self.key = key
      self.kind = kind
      self.state = state
    }
  }

  package var status: RunStatus
  package var statusReason: String?
  package var attempt: Int32 = 1
  package var closedAt: Int64?
  /// Whether a worker ever took it.
  package var wasTaken = true
  package var holder: Holder?
  package var readySince: Int64?
  /// When it becomes claimable: a delayed start, another attempt, a task given back.
  package var resumeAt: Int64?
  package var timeoutAt: Int64?
  package var isCancelRequested = false
  package var cancelReason: String?
  package var cancelDeadlineAt: Int64?
  /// The failure of the run's last attempt, in words.
  package var lastFailure: String?
  /// Who could take its workflow task.
  package var supply: WorkerSupply
  /// Those that matter most; there may be more.
  package var steps: [OpenStep] = []
  package var openStepCount = 0
  package var groups: [OpenGroup] = []

  package init(status: RunStatus, supply: WorkerSupply) {
    self.status = status
    self.supply = supply
  }
}

/// Why a run does not move, most important first, and what would move it.
package struct RunExplanation: Sendable, Equatable {
  package var reasons: [String] = []
  package var remedies: [String] = []
}

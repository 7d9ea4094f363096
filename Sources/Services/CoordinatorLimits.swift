package import Engine
package import Store

/// Every limit of the coordinator's services, with its default.
package struct CoordinatorLimits: Sendable {
  /// The largest payload, in bytes. Default 2 MiB.
  package var maxPayloadBytes = 2 << 20
  /// The largest message, in bytes; enforced by the RPC layer, told by GetServerInfo. Default 4 MiB.
  package var maxMessageBytes = 4 << 20
  /// The most results and commands in one report. Default 20,000.
  package var maxReportItems = 20_000
  /// The most reports in one message of a Work stream. Default 1,000.
  package var maxReports = 1_000
  /// The most starts in one StartWorkflows. Default 1,000.
  package var maxBatchStarts = 1_000
  /// The most slots of one kind that a session may have outstanding. Default 100,000.
  package var maxSlots = 100_000
  /// A pushed task must be accepted within this. Default 5 s.
  package var acceptTimeout: Duration = .seconds(5)
  /// The lease when a worker asks for none. Default 30 s.
  package var defaultLease: Duration = .seconds(30)
  /// The shortest and longest lease. Default 1 s and 1 h.
  package var leases: ClosedRange<Duration> = .seconds(1) ... .seconds(3600)
  /// How long a cancelled run may go without a worker before it is closed. Default 30 s.
  package var cancelGrace: Duration = .seconds(30)
  /// How often closed runs are looked for that are older than their namespace keeps them. Default 1 min.
  package var retentionInterval: Duration = .seconds(60)
  /// Workflow tasks lost in a row that park a run. Default 10.
  package var lossLimit: Int32 = 10
  /// A local step's retry with a delay up to this is waited for by its worker, under the same lease. Default 5 s.
  package var inPlaceRetry: Duration = .seconds(5)
  /// The most tasks in one claim. Default 256.
  package var claimSize = 256
  /// Recorded steps in one task, in bytes; the rest is fetched. Small, because many tasks may be pushed at once.
  /// Default 256 KiB.
  package var taskStepBytes = 256 << 10
  /// Recorded steps in one answer of FetchSteps, in bytes. Default 1 MiB.
  package var fetchedStepBytes = 1 << 20
  /// Calls that may wait for runs to close or change. Default 100,000.
  package var maxWaiters = 100_000
  /// The longest WaitRun. Default 10 min.
  package var maxWait: Duration = .seconds(600)
  /// Signals of one run that no step has taken. Default 10,000.
  package var maxUntakenSignals: Int32 = 10_000
  /// Children of a closed run that are stopped at a time. Default 32.
  package var concurrentStops = 32
  /// Text fields: workflow ids, step keys 512 bytes; type, queue and worker names 256; request ids 128.
  package var maxKeyBytes = 512
  package var maxNameBytes = 256
  package var maxRequestIDBytes = 128
  /// The description of a namespace. Default 1,024 bytes.
  package var maxDescriptionBytes = 1_024
  /// Reasons and notes for people, in bytes. Default 4,096.
  package var maxTextBytes = 4_096
  /// Runs that a batch changes side by side. Default 32.
  package var batchConcurrency = 32
  /// Failures of a batch that are listed. Default 20.
  package var maxBatchFailures = 20
  /// Labels of one run. Default 32.
  package var maxTags = 32
  /// How long the past of workers is kept.
  package var workerRetention = WorkerRetention()
  /// From when on something is not well, unless a check says otherwise.
  package var health = HealthThresholds()
  /// Workers, and kinds of waiting tasks, that one health check names one by one, worst first. Default 1,000.
  package var maxFindings = 1_000
  /// A health check answers within this, come what may. Default 5 s.
  package var healthCheckBound: Duration = .seconds(5)

  package init() {}
}

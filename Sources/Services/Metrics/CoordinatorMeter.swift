internal import Engine
internal import Messages
internal import Meters

/// What the services count.
internal final class CoordinatorMeter: Sendable {
  /// Runs that StartWorkflow and its like began.
  let starts = Counter()
  /// Runs that closed here, by status.
  let closes = NamedCounters()
  /// Tasks pushed to workers, by kind.
  let tasks = NamedCounters()
  /// Reports that came, by kind and outcome.
  let reports = NamedCounters()
  /// WaitRun and WatchRun calls.
  let waits = Counter()
  /// Sessions that ended because their lease lapsed.
  let crashes = Counter()

  func runStarted() { starts.add() }
  func runClosed(_ status: String) { closes.add(status) }
  func handedOut(_ kind: TaskKind) { tasks.add(kind == .workflow ? "workflow" : "activity") }
  func reported(_ report: TaskReport) { reports.add(report.meterName) }
  func waitBegan() { waits.add() }
  func sessionsLapsed(_ count: Int) { crashes.add(count) }
}

extension TaskReport {
  /// Kind and outcome, such as `activity.output`.
  internal var meterName: String {
    switch report {
    case .activity(let activity):
      switch activity.outcome {
      case .output: "activity.output"
      case .failure: "activity.failure"
      case .cancelled: "activity.cancelled"
      case .completesLater: "activity.completes_later"
      case .giveBack: "activity.give_back"
      case nil: "activity.none"
      }
    case .workflow(let workflow):
      switch workflow.outcome {
      case .continue: "workflow.continue"
      case .suspend: "workflow.suspend"
      case .complete: "workflow.complete"
      case .fail: "workflow.fail"
      case .continueAsNew: "workflow.continue_as_new"
      case .giveBack: "workflow.give_back"
      case .park: "workflow.park"
      case nil: "workflow.none"
      }
    case nil: "none"
    }
  }
}

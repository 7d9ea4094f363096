import Messages

@testable import Kagzi

/// Tasks that go out.
extension FakeCoordinator {
  func dispatch(_ state: inout State) {
    guard state.received != nil, state.hellos.count > 0 else { return }
    for id in state.runs.keys.sorted() {
      guard state.workflowSlots > 0 else { break }
      guard let run = state.runs[id], run.isReady, run.token == nil, run.outcome == nil else { continue }
      state.workflowSlots -= 1
      handOut(id, run, &state)
    }
    for key in state.activities.keys.sorted() {
      guard state.activitySlots > 0 else { break }
      guard let activity = state.activities[key], activity.token == nil else { continue }
      state.activitySlots -= 1
      let token = state.newToken("activity")
      state.activities[key]?.token = token
      deliver(
        .task(
          WorkerTask(
            token: token, runID: activity.runID, attempt: activity.attempt,
            task: .activity(
              ActivityTask(
                activityType: activity.schedule.activityType, activityVersion: 1, step: activity.schedule.key,
                input: activity.schedule.input, progress: activity.progress)))), &state)
    }
  }

  func handOut(_ id: String, _ run: FakeRun, _ state: inout State) {
    let token = state.newToken("run")
    let isDelta = run.isSticky && run.tasks > 0 && !state.generator.chance(state.faults.wholeTasks)
    var workflow = WorkflowTask(
      delta: isDelta, cancelRequested: run.isCancelRequested, cancelReason: run.isCancelRequested ? "test" : "",
      now: Timestamp(seconds: 1_700_000_000, nanos: 0), seed: 7)
    if isDelta {
      workflow.steps = Set(run.news).sorted().compactMap { run.steps[$0] }
      if state.pagesDeltas, let page = state.faults.pageSize, workflow.steps.count > page {
        // The rest comes with all that is recorded.
        workflow.steps = Array(workflow.steps.prefix(page))
        workflow.moreStepsToken = "0"
      }
      workflow.groups = run.groupNews.compactMap { run.groups[$0]?.record }
    } else {
      workflow.input = run.input
      workflow.groups = run.groups.keys.sorted().compactMap { run.groups[$0]?.record }
      let page = state.faults.pageSize ?? .max
      workflow.steps = run.order.prefix(page).compactMap { run.steps[$0] }
      if run.order.count > page { workflow.moreStepsToken = "\(page)" }
    }
    state.runs[id]?.token = token
    state.runs[id]?.isReady = false
    state.runs[id]?.news = []
    state.runs[id]?.groupNews = []
    state.runs[id]?.isWoken = false
    state.runs[id]?.tasks += 1
    if isDelta { state.runs[id]?.deltas += 1 }
    deliver(
      .task(
        WorkerTask(
          token: token, runID: id, workflowID: "id-\(id)", workflowType: run.type, workflowVersion: run.version,
          attempt: 1, task: .workflow(workflow))), &state)
  }
}

extension StepRecord {
  var isSettled: Bool { state == .completed || state == .failed || state == .cancelled }

  func save(in run: inout FakeCoordinator.FakeRun) {
    if run.steps.updateValue(self, forKey: key) == nil { run.order.append(key) }
  }
}

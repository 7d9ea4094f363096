internal import GRPC
internal import Logging
internal import Messages
internal import Synchronization

extension WorkSession {
  /// Adds the recorded steps that did not fit in the task, then goes on with it.
  func fetchRest(
    of workflow: WorkflowTask, _ token: [UInt8], _ run: RunExecution,
    then goOn: @escaping @Sendable (WorkflowTask) -> Void
  ) {
    guard !workflow.moreStepsToken.isEmpty else { return goOn(workflow) }
    Task {
      guard let rest = await fetchSteps(of: run, token, from: workflow.moreStepsToken) else { return }
      var workflow = workflow
      workflow.steps += rest
      workflow.moreStepsToken = ""
      goOn(workflow)
    }
  }

  /// The same for members of groups that were resolved elsewhere.
  func fetchRest(
    of resolved: GroupsResolved, _ run: RunExecution, then goOn: @escaping @Sendable (GroupsResolved) -> Void
  ) {
    guard !resolved.moreStepsToken.isEmpty else { return goOn(resolved) }
    Task {
      guard let rest = await fetchSteps(of: run, resolved.token, from: resolved.moreStepsToken) else { return }
      var resolved = resolved
      resolved.steps += rest
      resolved.moreStepsToken = ""
      goOn(resolved)
    }
  }

  /// All recorded steps from a place on. Nil: the task is no longer ours.
  private func fetchSteps(of run: RunExecution, _ token: [UInt8], from place: String) async -> [StepRecord]? {
    var request = FetchStepsRequest(token: token, moreStepsToken: place)
    var steps: [StepRecord] = []
    var backoff = Backoff()
    repeat {
      guard state.withLock({ $0.tasks[token] != nil }) else { return nil }
      do {
        let response = try await coordinator.fetchSteps(request)
        steps += response.steps
        request.moreStepsToken = response.moreStepsToken
        if response.moreStepsToken.isEmpty { return steps }
        backoff.reset()
      } catch  where error.isTransient {
        try? await Task.sleep(for: backoff.next())
      } catch {
        logger.warning(
          "The recorded steps cannot be fetched", metadata: ["run": "\(run.facts.runID)", "error": "\(error)"])
        lose([token])
        return nil
      }
    } while true
  }

  /// What is recorded of a group's members, for the run whose task is at work.
  func fetchRecords(of run: RunExecution, group: String) {
    let token = state.withLock { state in
      state.runs[run.facts.runID].flatMap { $0.execution === run ? $0.token : nil }
    }
    guard let token else { return }
    Task {
      if let steps = await fetchSteps(of: run, token, from: "") { run.recordsFetched(of: group, steps) }
    }
  }
}

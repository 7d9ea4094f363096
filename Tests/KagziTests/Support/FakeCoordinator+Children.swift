import Messages

@testable import Kagzi

/// Child workflows and signals, as the coordinator keeps them.
extension FakeCoordinator {
  func start(_ child: StartChild, _ id: String, _ state: inout State) {
    StepRecord(key: child.key, kind: .child, state: .waiting, attempt: 1, group: child.group)
      .save(in: &state.runs[id]!)
    state.children.append(child)
    let childID = "\(id)/\(child.key)"
    state.runs[childID] = FakeRun(
      type: child.workflowType, version: child.workflowVersion ?? 1, input: child.input ?? PayloadCoding.null)
    state.runs[childID]?.parent = (id, child.key)
  }

  /// A child's end settles its parent's step.
  func settleParent(of id: String, _ outcome: WorkflowReport.Outcome, _ state: inout State) {
    guard let parent = state.runs[id]?.parent else { return }
    switch outcome {
    case .complete(let complete):
      settle(parent.run, parent.step, .success(complete.output ?? PayloadCoding.null), &state)
    case .fail(let fail): settle(parent.run, parent.step, .failure(fail.failure ?? Failure()), &state)
    default: break
    }
  }

  func wait(_ wait: AwaitSignal, _ id: String, _ state: inout State) {
    let record = StepRecord(key: wait.key, kind: .signal, state: .waiting, attempt: 1)
    record.save(in: &state.runs[id]!)
    if let index = state.runs[id]?.signals.firstIndex(where: { $0.name == wait.signalName }),
      let signal = state.runs[id]?.signals.remove(at: index)
    {
      return settle(id, wait.key, .success(signal.payload), &state)
    }
    state.signalWaits.append((id, wait))
  }

  func signal(_ id: String, _ name: String, _ value: some Encodable) throws {
    let payload = try PayloadCoding.encode(value)
    update { state in
      if let index = state.signalWaits.firstIndex(where: { $0.run == id && $0.wait.signalName == name }) {
        let wait = state.signalWaits.remove(at: index).wait
        settle(id, wait.key, .success(payload), &state)
      } else {
        state.runs[id]?.signals.append((name, payload))
      }
    }
  }

  /// The time of the oldest wait for a signal is over.
  func timeOutSignal(_ id: String) {
    update { state in
      guard let index = state.signalWaits.firstIndex(where: { $0.run == id }) else { return }
      let wait = state.signalWaits.remove(at: index).wait
      settle(id, wait.key, .failure(Failure(kind: .timeout, code: "SIGNAL_TIMEOUT")), &state)
    }
  }
}

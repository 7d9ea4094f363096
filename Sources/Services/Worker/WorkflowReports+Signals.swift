internal import Engine
internal import Messages
internal import Store

extension WorkflowReportPlanner {
  /// Plans a step that waits for a signal. One that came before is taken when the report is recorded.
  internal func add(_ command: Messages.AwaitSignal, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    guard !command.signalName.isEmpty, command.signalName.utf8.count <= limits.maxNameBytes else {
      throw .invalid("signal_name of step '\(command.key)' must have 1 to \(limits.maxNameBytes) bytes")
    }
    var step = NewStep(key: command.key, kind: .signal, state: .waiting)
    step.signalName = command.signalName
    if let timeout = command.timeout {
      guard !timeout.isNegative else { throw .invalid("timeout of step '\(command.key)' must not be negative") }
      step.delayMilliseconds = timeout.milliseconds
      plan.noteDue(timeout.milliseconds)
    }
    plan.steps.append(step)
    plan.awaitsSignals = true
  }
}

internal import Engine
internal import Messages
internal import Store

extension Failure {
  /// What a child that did not complete is to its parent: its own failure, of a kind that fits how it ended, with the child
  /// named in the context.
  internal init(of child: EndedChild) {
    var failure = Failure(blob: child.failure) ?? Failure(kind: .unknown, message: "the child failed")
    switch child.status {
    case .cancelled: failure.kind = .cancelled
    case .terminated:
      failure.kind = .cancelled
      failure.code = "TERMINATED"
    case .timedOut:
      failure.kind = .timeout
      failure.code = "RUN_TIMEOUT"
    default: break
    }
    if child.status != nil {
      failure.context["child_run_id"] = child.runID.description
      failure.context["child_workflow_id"] = child.workflowID
    }
    self = failure
  }
}

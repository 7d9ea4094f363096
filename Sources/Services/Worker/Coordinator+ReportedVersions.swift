internal import Engine
internal import Logging
internal import Messages
internal import Store

extension Coordinator {
  /// Whether a report names a version for a run to start that is refused by what is known here.
  internal func namesRefusedVersion(_ report: WorkflowReport, _ run: RunReference) -> Bool {
    if case .continueAsNew(let next) = report.outcome, let version = next.workflowVersion {
      return refusal(of: version, of: run.workflowType, run.namespace) != nil
    }
    return report.commands.contains { command in
      guard case .startChild(let child) = command.command, let version = child.workflowVersion else { return false }
      return refusal(of: version, of: child.workflowType, run.namespace) != nil
    }
  }

  /// Why a version cannot be started; nil: it can.
  internal func refusal(of version: UInt32, of type: String, _ namespace: String) -> VersionRefusal? {
    do {
      _ = try registry.version(Int32(clamping: version), of: type, kind: .workflow, namespace: namespace, key: "")
      return nil
    } catch {
      return error
    }
  }

  /// Reads the registry again, for a version that may have been registered elsewhere a moment ago.
  internal func learnVersions(_ next: @escaping @Sendable () -> Void) {
    Task { [self] in
      do {
        try await registry.refresh(from: store)
      } catch {
        logger.debug("the registry could not be read", metadata: ["error": "\(error)"])
      }
      next()
    }
  }
}

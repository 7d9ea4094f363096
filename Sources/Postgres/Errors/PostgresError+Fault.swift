extension PostgresError {
  /// What to do about it.
  package var fault: PostgresFault {
    if isFateUnknown { return .fateUnknown }
    switch code {
    case .server(let state): return fault(of: state)
    case .connectionFailed, .connectionLost, .timedOut: return .reconnect
    case .queueFull, .stopped: return .refused
    case .tooLarge: return .callersFault
    case .undecodable, .protocolViolation: return .bug
    }
  }

  private func fault(of state: SQLState) -> PostgresFault {
    switch state {
    case .serializationFailure, .deadlockDetected, .lockNotAvailable: return .retryable
    case .statementCompletionUnknown: return .fateUnknown
    case .adminShutdown, .crashShutdown, .cannotConnectNow, .readOnlyTransaction: return .reconnect
    case .invalidStatementName, .cachedPlanChanged, .inFailedTransaction: return .reconnect
    case .queryCanceled: return .backOff
    default: break
    }
    switch state.classCode {
    case "08": return .reconnect
    case "22", "54": return .callersFault
    case "23": return .constraint(constraint ?? "")
    case "53": return .backOff
    default: return .bug
    }
  }
}

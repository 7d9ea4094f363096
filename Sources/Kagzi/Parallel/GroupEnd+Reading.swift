internal import Messages

extension GroupEnd {
  /// The outputs of all members, in order. Throws what ended the group otherwise.
  func allOutputs() throws -> [Payload] {
    switch record.verdict {
    case .failed: throw failure(ofStep: record.failedStep)
    case .deadline: throw deadlineError
    case .cancelled: throw cancelledError
    case .succeeded, .unspecified, .unrecognized: break
    }
    return try outcomes.map { outcome in
      switch outcome {
      case .success(let output): return output
      case .failure(let failure): throw StepError(failure)
      case nil: throw cancelledError
      }
    }
  }

  /// How each member ended.
  func result<Value: Decodable & Sendable>(
    _ ids: [String], as type: Value.Type, quorum: Int? = nil
  ) throws -> ParallelResult<Value> {
    if record.verdict == .cancelled { throw cancelledError }
    let isLate = record.verdict == .deadline
    let outcomes = try zip(ids, outcomes).map { id, outcome in
      let isUnfinished = self.isUnfinished(outcome)
      let result: Result<Value, StepError> =
        switch outcome {
        case .success(let output): .success(try PayloadCoding.decode(type, from: output))
        case .failure(let failure) where !isUnfinished: .failure(StepError(failure))
        case .failure, nil: .failure(isLate ? deadlineError : StepError(RunMachine.overFailure(record.key)))
        }
      return ParallelResult<Value>.Outcome(id: id, result: result, isUnfinished: isUnfinished)
    }
    return ParallelResult(outcomes, quorum: quorum, isDeadlinePassed: isLate)
  }

  /// Whether a member was cancelled, with its group as a rule, before it had ended.
  private func isUnfinished(_ outcome: StepOutcome?) -> Bool {
    switch outcome {
    case .success: false
    case .failure(let failure): failure == RunMachine.overFailure(record.key)
    case nil: true
    }
  }

  /// One error that names each member that failed.
  func failureOfMany(_ ids: [String], _ what: String) -> StepError {
    let errors = zip(ids, outcomes).compactMap { id, outcome -> (id: String, error: StepError)? in
      guard case .failure(let failure)? = outcome, !isUnfinished(outcome) else { return nil }
      return (id, StepError(failure))
    }
    let kinds = Set(errors.map(\.error.kind))
    return StepError(
      kinds.count == 1 ? kinds.first ?? .unknown : .unknown,
      "\(what): \(errors.map { "\($0.id): \($0.error.message)" }.joined(separator: "; "))",
      source: record.key, context: Dictionary(errors.map { ($0.id, $0.error.description) }) { first, _ in first },
      code: GroupCode.failed,
      causes: errors.map { StepError.Cause($0.error.kind, $0.error.message, source: $0.id, code: $0.error.code) })
  }

  /// The recorded winner of a race, and what it gave.
  func winner(of ids: [String]) -> (id: String, output: Payload)? {
    for (place, outcome) in outcomes.enumerated() where keys[place] == record.winner {
      if case .success(let output)? = outcome { return (ids[place], output) }
    }
    return nil
  }

  /// The failure that resolved the group: the recorded one, else the first there is.
  private func failure(ofStep key: String) -> StepError {
    var first: Failure?
    for (member, outcome) in zip(keys, outcomes) {
      guard case .failure(let failure)? = outcome else { continue }
      if member == key { return StepError(failure) }
      if !isUnfinished(outcome) { first = first ?? failure }
    }
    return first.map { StepError($0) } ?? StepError(.unknown, "A member of group \"\(record.key)\" failed")
  }

  var deadlineError: StepError {
    StepError(.timeout, "Group \"\(record.key)\" passed its deadline", source: record.key, code: GroupCode.deadline)
  }

  var cancelledError: StepError {
    StepError(.cancelled, "Group \"\(record.key)\" was cancelled", source: record.key, code: GroupCode.cancelled)
  }
}

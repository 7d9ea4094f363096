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
  func result<Value: Decodable & Sendable>(_ ids: [String], as type: Value.Type) throws -> ParallelResult<Value> {
    if record.verdict == .cancelled { throw cancelledError }
    let isLate = record.verdict == .deadline
    let outcomes = try zip(ids, outcomes).map { id, outcome in
      let result: Result<Value, StepError> =
        switch outcome {
        case .success(let output): .success(try PayloadCoding.decode(type, from: output))
        case .failure(let failure) where isLate && failure.kind == .cancelled: .failure(deadlineError)
        case .failure(let failure): .failure(StepError(failure))
        case nil: .failure(isLate ? deadlineError : StepError(RunMachine.overFailure(record.key)))
        }
      return ParallelResult<Value>.Outcome(id: id, result: result)
    }
    return ParallelResult(outcomes, isDeadlinePassed: isLate)
  }

  /// One error that names each member that failed.
  func failureOfMany(_ ids: [String], _ what: String) -> StepError {
    let errors = zip(ids, outcomes).compactMap { id, outcome -> (id: String, error: StepError)? in
      guard case .failure(let failure)? = outcome, failure.kind != .cancelled else { return nil }
      return (id, StepError(failure))
    }
    let kinds = Set(errors.map(\.error.kind))
    return StepError(
      kinds.count == 1 ? kinds.first ?? .unknown : .unknown,
      "\(what): \(errors.map { "\($0.id): \($0.error.message)" }.joined(separator: "; "))",
      source: record.key, context: Dictionary(errors.map { ($0.id, $0.error.description) }) { first, _ in first },
      code: "AllMembersFailed",
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
      if failure.kind != .cancelled { first = first ?? failure }
    }
    return first.map { StepError($0) } ?? StepError(.unknown, "A member of group \"\(record.key)\" failed")
  }

  var deadlineError: StepError {
    StepError(.timeout, "Group \"\(record.key)\" passed its deadline", source: record.key, code: "GroupDeadline")
  }

  var cancelledError: StepError {
    StepError(.cancelled, "Group \"\(record.key)\" was cancelled", source: record.key)
  }
}

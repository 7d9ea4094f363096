/// What the members of a group gave: what `collect` and `quorum` return.
public struct ParallelResult<Value: Sendable>: Sendable {
  /// One member's end.
  public struct Outcome: Sendable {
    /// The member's id.
    public var id: String
    /// What it gave.
    public var result: Result<Value, StepError>
  }

  /// How each member ended, in the order given.
  public var outcomes: [Outcome]
  /// Whether the group's deadline passed before it was done.
  public var isDeadlinePassed: Bool

  public init(_ outcomes: [Outcome], isDeadlinePassed: Bool = false) {
    self.outcomes = outcomes
    self.isDeadlinePassed = isDeadlinePassed
  }

  /// A result of these outputs and errors, whose members have no ids.
  public init(results: [Value], errors: [StepError]) {
    self.init(
      results.map { Outcome(id: "", result: .success($0)) } + errors.map { Outcome(id: "", result: .failure($0)) })
  }

  /// The outputs of the members that succeeded, in the order given.
  public var results: [Value] { outcomes.compactMap { try? $0.result.get() } }

  /// The errors of the others, in the order given.
  public var errors: [StepError] { outcomes.compactMap(\.error) }

  /// Whether every member succeeded.
  public var isSuccess: Bool { outcomes.allSatisfy { $0.error == nil } }

  /// The error of the first member that failed, in the order given.
  public var firstError: StepError? { outcomes.lazy.compactMap(\.error).first }

  /// The outputs, if every member succeeded; else the first error is thrown.
  public func intoResult() throws -> [Value] {
    if let error = firstError { throw error }
    return results
  }

  /// What this member gave. Nil: there is no such member.
  public subscript(id: String) -> Result<Value, StepError>? {
    outcomes.first { $0.id == id }?.result
  }
}

extension ParallelResult.Outcome {
  /// Why it failed. Nil: it did not.
  public var error: StepError? {
    if case .failure(let error) = result { error } else { nil }
  }
}

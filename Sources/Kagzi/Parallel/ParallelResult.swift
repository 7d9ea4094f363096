/// What the members of a group gave: what `collect` and `quorum` return.
public struct ParallelResult<Value: Sendable>: Sendable {
  /// One member's end.
  public struct Outcome: Sendable {
    /// The member's id.
    public var id: String
    /// What it gave.
    public var result: Result<Value, StepError>
    /// Whether it had not ended when the group was over: its deadline passed, or its quorum was reached. `result` says which.
    public var isUnfinished = false
  }

  /// How each member ended, in the order given.
  public var outcomes: [Outcome]
  /// How many successes were asked for. Nil: that of every member.
  public var quorum: Int?
  /// Whether the group's deadline passed before it was done.
  public var isDeadlinePassed: Bool

  public init(_ outcomes: [Outcome], quorum: Int? = nil, isDeadlinePassed: Bool = false) {
    self.outcomes = outcomes
    self.quorum = quorum
    self.isDeadlinePassed = isDeadlinePassed
  }

  /// A result of these outputs and errors, whose members have no ids.
  public init(results: [Value], errors: [StepError]) {
    self.init(
      results.map { Outcome(id: "", result: .success($0)) } + errors.map { Outcome(id: "", result: .failure($0)) })
  }

  /// The outputs of the members that succeeded, in the order given.
  public var results: [Value] { outcomes.compactMap { try? $0.result.get() } }

  /// The errors of the others, in the order given. Members that a reached quorum left unfinished have none.
  public var errors: [StepError] {
    let isReached = isSuccess
    return outcomes.compactMap { isReached && $0.isUnfinished ? nil : $0.error }
  }

  /// The ids of the members that had not ended when the group was over, in the order given.
  public var unfinished: [String] { outcomes.filter(\.isUnfinished).map(\.id) }

  /// Whether what was asked for was reached: the quorum if there is one, else the success of every member.
  public var isSuccess: Bool {
    outcomes.lazy.filter { $0.error == nil }.count >= quorum ?? outcomes.count
  }

  /// The first of `errors`.
  public var firstError: StepError? { errors.first }

  /// The outputs, if what was asked for was reached; else the first error is thrown.
  public func intoResult() throws -> [Value] {
    if !isSuccess, let error = firstError { throw error }
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

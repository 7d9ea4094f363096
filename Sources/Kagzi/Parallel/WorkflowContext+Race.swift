internal import Messages

extension WorkflowContext {
  /// Runs the members at once; the first that succeeds wins, and the others are cancelled.
  ///
  /// The winner is recorded: it is the same on every replay. Failures matter only if all members fail: then one
  /// `StepError`, of code `GROUP_FAILED`, names each. A race of nobody is refused before anything is sent.
  public func race<Output: Codable & Sendable>(
    _ group: some ParallelGroup, _ members: [(String, @Sendable () async throws -> Output)],
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (winner: String, value: Output) {
    try await race(group, members.map { .step($0.0, $0.1) }, options: options)
  }

  /// The same for members that are written out one by one: `ctx.race("fastest", ("a", { … }), ("b", { … }))`.
  public func race<Output: Codable & Sendable>(
    _ group: some ParallelGroup, _ members: (String, @Sendable () async throws -> Output)...,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (winner: String, value: Output) {
    try await race(group, members.map { .step($0.0, $0.1) }, options: options)
  }

  /// The same for local steps, activities and child workflows, mixed as wanted.
  public func race<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, _ members: [ParallelMember<Output>], options: ParallelOptions = ParallelOptions()
  ) async throws -> (winner: String, value: Output) {
    guard !members.isEmpty else {
      throw StepError(
        .invalidInput, "A race needs at least one member", source: group.keyName(in: options.parentStep))
    }
    let end = try await end(of: group, members, options.open(.race))
    let ids = members.map(\.id)
    switch end.record.verdict {
    case .deadline: throw end.deadlineError
    case .cancelled: throw end.cancelledError
    case .succeeded, .failed, .unspecified, .unrecognized: break
    }
    guard let (id, output) = end.winner(of: ids) else {
      throw end.failureOfMany(ids, "All \(ids.count) members of race \"\(end.record.key)\" failed")
    }
    return (id, try PayloadCoding.decode(Output.self, from: output))
  }
}

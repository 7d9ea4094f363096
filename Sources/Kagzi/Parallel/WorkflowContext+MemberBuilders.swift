/// Groups whose members are written out one under the other; see `ParallelMemberBuilder`.
extension WorkflowContext {
  /// Runs the members at once and gives their outputs in the order given; see the form with an array.
  @discardableResult
  public func parallelVec<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, options: ParallelOptions = ParallelOptions(),
    @ParallelMemberBuilder _ members: () throws -> [ParallelMember<Output>]
  ) async throws -> [Output] {
    try await parallelVec(group, try members(), options: options)
  }

  /// Runs all members to their end, and gives outputs and errors by member.
  public func collect<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, options: ParallelOptions = ParallelOptions(),
    @ParallelMemberBuilder _ members: () throws -> [ParallelMember<Output>]
  ) async throws -> ParallelResult<Output> {
    try await collect(group, try members(), options: options)
  }

  /// Runs the members at once; the first that succeeds wins, and the others are cancelled.
  ///
  ///     let (winner, quote) = try await ctx.race("quote") {
  ///       ("north", { try await ask("north") })
  ///       ("south", { try await ask("south") })
  ///     }
  public func race<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, options: ParallelOptions = ParallelOptions(),
    @ParallelMemberBuilder _ members: () throws -> [ParallelMember<Output>]
  ) async throws -> (winner: String, value: Output) {
    try await race(group, try members(), options: options)
  }

  /// Ends as soon as so many members succeeded; the others are cancelled.
  public func quorum<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, _ count: Int, options: ParallelOptions = ParallelOptions(),
    @ParallelMemberBuilder _ members: () throws -> [ParallelMember<Output>]
  ) async throws -> ParallelResult<Output> {
    try await quorum(group, count, try members(), options: options)
  }

  /// The same for local steps.
  public func quorum<Output: Codable & Sendable>(
    _ group: some ParallelGroup, _ count: Int, _ members: [(String, @Sendable () async throws -> Output)],
    options: ParallelOptions = ParallelOptions()
  ) async throws -> ParallelResult<Output> {
    try await quorum(group, count, members.map { .step($0.0, $0.1) }, options: options)
  }
}

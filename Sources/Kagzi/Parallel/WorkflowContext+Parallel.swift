internal import Messages

extension WorkflowContext {
  /// Runs the members at once and gives their outputs in the order given.
  ///
  /// The first member that fails for good ends the group: the others are cancelled, and its `StepError` is thrown.
  /// Each member is recorded by itself, as `group/id`; after a crash only those that are not recorded run again. No
  /// members give no outputs. Ids are unique within the group.
  ///
  ///     let items = try await ctx.parallelVec("fetch-all", ids.map { id in ("item-\(id)", { try await fetch(id) }) })
  ///
  /// To write members out, use the form with a `ParallelMemberBuilder`, or `.step` in an array literal: the compiler does
  /// not make closures in an array literal of pairs `@Sendable`.
  @discardableResult
  public func parallelVec<Output: Codable & Sendable>(
    _ group: some ParallelGroup, _ members: [(String, @Sendable () async throws -> Output)],
    options: ParallelOptions = ParallelOptions()
  ) async throws -> [Output] {
    try await parallelVec(group, members.map { .step($0.0, $0.1) }, options: options)
  }

  /// The same for members that are written out one by one: `ctx.parallelVec("all", ("a", { … }), ("b", { … }))`.
  @discardableResult
  public func parallelVec<Output: Codable & Sendable>(
    _ group: some ParallelGroup, _ members: (String, @Sendable () async throws -> Output)...,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> [Output] {
    try await parallelVec(group, members.map { .step($0.0, $0.1) }, options: options)
  }

  /// The same for local steps, activities and child workflows, mixed as wanted.
  @discardableResult
  public func parallelVec<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, _ members: [ParallelMember<Output>], options: ParallelOptions = ParallelOptions()
  ) async throws -> [Output] {
    try await outputs(group, members.map { ($0.id, $0.work) }, options).map {
      try PayloadCoding.decode(Output.self, from: $0)
    }
  }

  /// Runs all members to their end, whatever becomes of the others, and gives outputs and errors by member.
  public func collect<Output: Codable & Sendable>(
    _ group: some ParallelGroup, _ members: [(String, @Sendable () async throws -> Output)],
    options: ParallelOptions = ParallelOptions()
  ) async throws -> ParallelResult<Output> {
    try await collect(group, members.map { .step($0.0, $0.1) }, options: options)
  }

  /// The same for local steps, activities and child workflows, mixed as wanted.
  public func collect<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, _ members: [ParallelMember<Output>], options: ParallelOptions = ParallelOptions()
  ) async throws -> ParallelResult<Output> {
    guard !members.isEmpty else { return ParallelResult([]) }
    let end = try await end(of: group, members, options.open(.collectAll))
    return try end.result(members.map(\.id), as: Output.self)
  }

  /// Ends as soon as so many members succeeded; the others are cancelled, and are `unfinished` in the result.
  ///
  /// Throws one error that names each failed member, of code `GROUP_FAILED`, as soon as so many successes are out of reach. A
  /// deadline gives what is there when it passes; `isSuccess` is false then.
  public func quorum<Output: Decodable & Sendable>(
    _ group: some ParallelGroup, _ count: Int, _ members: [ParallelMember<Output>],
    options: ParallelOptions = ParallelOptions()
  ) async throws -> ParallelResult<Output> {
    guard count > 0, count <= members.count else {
      throw StepError(
        .invalidInput, "A quorum is 1 to the number of members, which is \(members.count), and not \(count)",
        source: group.keyName(in: options.parentStep))
    }
    let end = try await end(of: group, members, options.open(.quorum, quorum: count))
    let ids = members.map(\.id)
    if end.record.verdict == .failed {
      throw end.failureOfMany(ids, "Group \"\(end.record.key)\" cannot reach \(count) of \(members.count)")
    }
    return try end.result(ids, as: Output.self, quorum: count)
  }

  /// The outputs of a group that the first failure ends.
  func outputs(
    _ group: some ParallelGroup, _ members: [(id: String, work: MemberWork)], _ options: ParallelOptions
  ) async throws -> [Payload] {
    guard !members.isEmpty else { return [] }
    return try await runGroup(group, members, options.open(.failFast)).allOutputs()
  }

  func end<Output>(
    of group: some ParallelGroup, _ members: [ParallelMember<Output>], _ open: OpenGroup
  ) async throws -> GroupEnd {
    try await runGroup(group, members.map { ($0.id, $0.work) }, open)
  }
}

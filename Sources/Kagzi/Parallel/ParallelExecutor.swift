internal import Messages

/// A parallel group whose members come one by one, from concurrent child tasks of the workflow function.
///
///     let executor = ParallelExecutor(ctx, "user-data", nil, .failFast)
///     async let user = executor.executeStep("fetch-user") { try await fetchUser() }
///     async let posts = executor.executeStep("fetch-posts") { try await fetchPosts() }
///     let (a, b) = try await (user, posts)
///
/// Each member is recorded by itself as `group/id`. With `.failFast` the first member that fails for good ends the
/// group: calls of the others, and later ones, throw a `StepError` of kind `cancelled`. With `.collectAll` every
/// member runs to its own end.
public struct ParallelExecutor: Sendable {
  private let context: WorkflowContext
  private let open: OpenGroup
  /// Nil: no limit of concurrency.
  private let turns: MemberTurns?
  /// What a failed member does to the group.
  public let strategy: ParallelErrorStrategy

  /// - Parameters:
  ///   - group: The group's name, or a `UUID`, whose value is ignored (see `ParallelGroup`).
  ///   - parentStep: The step that it is nested in; its key begins with that step's. Nil: none.
  ///   - options: Its `parentStep` is used if the parameter is nil. Its limit of concurrency holds for local steps and for
  ///     activities, each by itself.
  public init(
    _ context: WorkflowContext, _ group: some ParallelGroup, _ parentStep: String? = nil,
    _ strategy: ParallelErrorStrategy = .failFast, options: ParallelOptions = ParallelOptions()
  ) {
    var options = options
    options.parentStep = parentStep ?? options.parentStep
    self.context = context
    self.strategy = strategy
    turns = options.maxConcurrency.map { MemberTurns($0) }
    var open = options.open(strategy.message)
    open.key = context.run.claimGroupKey(group.keyName(in: options.parentStep))
    self.open = open
  }

  /// The group's key: what its members' keys begin with.
  public var group: String { open.key }

  /// Runs a local step as a member.
  public func executeStep<Output: Codable & Sendable>(
    _ id: String, retryPolicy: RetryPolicy? = nil, _ body: @escaping @Sendable () async throws -> Output
  ) async throws -> Output {
    try await execute(.step(id, retryPolicy: retryPolicy, body))
  }

  /// Runs a local step without a value as a member.
  @_disfavoredOverload
  public func executeStep(
    _ id: String, retryPolicy: RetryPolicy? = nil, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    _ = try await execute(ParallelMember<NoValue>.step(id, retryPolicy: retryPolicy, body))
  }

  /// Runs an activity as a member, on any worker that registered it.
  public func executeActivity<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ id: String, _ name: String, _ input: Input, as output: Output.Type = Output.self,
    options: ActivityOptions = ActivityOptions()
  ) async throws -> Output {
    try await execute(.activity(id, name, input, options: options))
  }

  /// Runs a member of whatever kind.
  public func execute<Output>(_ member: ParallelMember<Output>) async throws -> Output {
    try PayloadCoding.decode(Output.self, from: try await perform(member.id, member.work))
  }

  /// Runs members at once. With `.failFast` the first error is thrown, with `.collectAll` errors are in the result.
  public func executeAll<Output>(_ members: [ParallelMember<Output>]) async throws -> ParallelResult<Output> {
    let results = try await withThrowingTaskGroup(of: (Int, Result<Output, StepError>).self) { tasks in
      for (place, member) in members.enumerated() {
        tasks.addTask {
          do {
            return (place, .success(try await self.execute(member)))
          } catch let error as StepError where strategy == .collectAll {
            return (place, .failure(error))
          }
        }
      }
      var results: [Int: Result<Output, StepError>] = [:]
      for try await (place, result) in tasks { results[place] = result }
      return results
    }
    return ParallelResult(
      members.enumerated().compactMap { place, member in
        results[place].map { ParallelResult.Outcome(id: member.id, result: $0) }
      })
  }

  private func perform(_ id: String, _ work: MemberWork) async throws -> Payload {
    if let fault = RunMachine.fault(ofName: id) { throw fault }
    guard case .local = work, let turns else { return try await ask(id, work) }
    try await turns.take("\(open.key)/\(id)")
    defer { turns.give() }
    return try await ask(id, work)
  }

  private func ask(_ id: String, _ work: MemberWork) async throws -> Payload {
    let run = context.run
    let member = try work.ask(id, limit: run.limits.maxPayloadBytes)
    run.openEnded(open)
    let name = "\(open.key)/\(id)"
    let ask = StepAsk(
      name: name, kind: member.kind, isShielded: WorkflowContext.isShielded, group: open.key)
    let group = open.key
    let reply = run.ask(ask) { key in work.command(key, group) }
    guard case .local(let policy, let body) = work, let key = reply.runningKey else {
      return try await context.settle(try await context.follow(reply, name).wake, of: name)
    }
    return try await perform(reply, key, policy, body)
  }

  /// A local member runs as a task of its own, so that the group's end need not wait for its body.
  private func perform(
    _ reply: StepReply, _ key: String, _ policy: RetryPolicy?, _ body: @escaping @Sendable () async throws -> Payload
  ) async throws -> Payload {
    let (context, run, group) = (context, context.run, open.key)
    let promise = MemberPromise()
    run.startMember(key) {
      do {
        let wake = try await context.carryOut(reply, key, policy, group: group, body)
        promise.resolve(.success(try await context.settle(wake, of: key)))
      } catch {
        promise.resolve(.failure(error))
      }
      run.memberEnded(key)
    } abandoned: {
      promise.resolve(.failure(StepError(RunMachine.overFailure(group))))
    }
    return try await withTaskCancellationHandler {
      try await promise.value
    } onCancel: {
      run.cancelMember(key)
    }
  }
}

extension StepReply {
  /// The key of a local step that has something to run, now or later. Nil: there is nothing to run.
  fileprivate var runningKey: String? {
    switch self {
    case .now(let key, .execute), .wait(let key): key
    case .now, .halt, .fault: nil
    }
  }
}

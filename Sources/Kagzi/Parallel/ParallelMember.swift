internal import Messages

/// A member of a parallel group: a local step, an activity or a child workflow.
///
///     let quotes = try await ctx.parallelVec("quotes", [
///       .step("cache") { try await cachedQuote() },
///       .activity("north", "get-quote", "north"),
///     ])
public struct ParallelMember<Output: Decodable & Sendable>: Sendable {
  /// Its id; in the run it is recorded as `group/id`.
  public let id: String
  let work: MemberWork

  /// An activity, run by any worker that registered it.
  public static func activity<Input: Encodable & Sendable>(
    _ id: String, _ name: String, _ input: Input, as output: Output.Type = Output.self,
    options: ActivityOptions = ActivityOptions()
  ) -> ParallelMember {
    ParallelMember(id: id, work: .activity(name, input: .encoding(input), options))
  }

  /// An activity without an input.
  public static func activity(
    _ id: String, _ name: String, as output: Output.Type = Output.self, options: ActivityOptions = ActivityOptions()
  ) -> ParallelMember {
    activity(id, name, NoValue(), as: output, options: options)
  }

  /// A child workflow.
  public static func child<Input: Encodable & Sendable>(
    _ id: String, _ name: String, _ input: Input, as output: Output.Type = Output.self,
    options: ChildOptions = ChildOptions()
  ) -> ParallelMember {
    ParallelMember(id: id, work: .child(name, input: .encoding(input), options))
  }
}

extension ParallelMember where Output: Encodable {
  /// A local step, run by this worker.
  public static func step(
    _ id: String, retryPolicy: RetryPolicy? = nil, _ body: @escaping @Sendable () async throws -> Output
  ) -> ParallelMember {
    ParallelMember(id: id, work: .local(retryPolicy) { try PayloadCoding.encode(try await body()) })
  }
}

extension ParallelMember where Output == NoValue {
  /// A local step without a value.
  @_disfavoredOverload
  public static func step(
    _ id: String, retryPolicy: RetryPolicy? = nil, _ body: @escaping @Sendable () async throws -> Void
  ) -> ParallelMember {
    ParallelMember(
      id: id,
      work: .local(retryPolicy) {
        try await body()
        return PayloadCoding.null
      })
  }
}

/// What a member does, without its type.
enum MemberWork: Sendable {
  case local(RetryPolicy?, @Sendable () async throws -> Payload)
  case activity(String, input: Result<Payload, StepError>, ActivityOptions)
  case child(String, input: Result<Payload, StepError>, ChildOptions)

  /// What is asked for. Throws if its input cannot be sent.
  func ask(_ id: String, limit: Int) throws -> GroupAsk.Member {
    switch self {
    case .local: return GroupAsk.Member(id: id, kind: .local)
    case .activity(_, let input, _):
      _ = try input.get().checked(limit: limit)
      return GroupAsk.Member(id: id, kind: .activity, command: command)
    case .child(_, let input, _):
      _ = try input.get().checked(limit: limit)
      return GroupAsk.Member(id: id, kind: .child, command: command)
    }
  }

  /// What the coordinator is told of it as a step of this key in this group. Nil: nothing.
  func command(_ key: String, _ group: String) -> Command.CommandKind? {
    switch self {
    case .local: nil
    case .activity(let name, let input, let options):
      options.command(key: key, type: name, input: (try? input.get()) ?? PayloadCoding.null, group: group)
    case .child(let name, let input, let options):
      options.command(key: key, type: name, input: (try? input.get()) ?? PayloadCoding.null, group: group)
    }
  }
}

extension Result where Success == Payload, Failure == StepError {
  static func encoding(_ value: some Encodable) -> Result {
    do {
      return .success(try PayloadCoding.encode(value))
    } catch {
      return .failure(StepError(recording: error))
    }
  }
}

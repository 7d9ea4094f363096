/// The members of a group, written out one under the other.
///
///     let prices = try await ctx.parallelVec("prices") {
///       ("list", { try await listPrice(item) })
///       for shop in shops { (shop, { try await price(of: item, in: shop) }) }
///     }
///
/// A line is a name with a closure, a `ParallelMember`, or a list of them; `if`, `switch` and `for` choose and repeat. The
/// type of the outputs follows from the closures, which it does not in an array literal of pairs: the compiler does not
/// make closures in such a literal `@Sendable`.
@resultBuilder
public enum ParallelMemberBuilder {
  /// A local step.
  public static func buildExpression<Output: Codable & Sendable>(
    _ member: (String, @Sendable () async throws -> Output)
  ) -> [ParallelMember<Output>] {
    [.step(member.0, member.1)]
  }

  /// A local step without a value.
  @_disfavoredOverload
  public static func buildExpression(
    _ member: (String, @Sendable () async throws -> Void)
  ) -> [ParallelMember<NoValue>] {
    [.step(member.0, member.1)]
  }

  /// A local step, an activity or a child workflow.
  public static func buildExpression<Output>(_ member: ParallelMember<Output>) -> [ParallelMember<Output>] {
    [member]
  }

  /// Several of them.
  public static func buildExpression<Output>(_ members: [ParallelMember<Output>]) -> [ParallelMember<Output>] {
    members
  }

  public static func buildPartialBlock<Output>(first: [ParallelMember<Output>]) -> [ParallelMember<Output>] { first }

  public static func buildPartialBlock<Output>(
    accumulated: [ParallelMember<Output>], next: [ParallelMember<Output>]
  ) -> [ParallelMember<Output>] {
    accumulated + next
  }

  public static func buildArray<Output>(_ members: [[ParallelMember<Output>]]) -> [ParallelMember<Output>] {
    members.flatMap { $0 }
  }

  public static func buildOptional<Output>(_ members: [ParallelMember<Output>]?) -> [ParallelMember<Output>] {
    members ?? []
  }

  public static func buildEither<Output>(first members: [ParallelMember<Output>]) -> [ParallelMember<Output>] {
    members
  }

  public static func buildEither<Output>(second members: [ParallelMember<Output>]) -> [ParallelMember<Output>] {
    members
  }
}

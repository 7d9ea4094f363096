import Messages

@testable import Kagzi

/// A workflow that a seed makes up: steps that fail a few times, activities, sleeps and concurrent branches, with an
/// output that can be told without running it.
indirect enum RandomPlan: Sendable {
  case step(name: String, value: Int, failures: Int)
  case activity(name: String, value: Int)
  case sleep(name: String)
  case sequence([RandomPlan])
  case concurrent([RandomPlan])
  /// A group of local steps and activities, each of this value; the flag takes an executor.
  case group(name: String, members: [Member], opensEnded: Bool)
  /// Several members of the same value.
  case race(name: String, members: [Member])

  struct Member: Sendable {
    var id: String
    var value: Int
    var failures: Int
    var isActivity: Bool
  }

  static func make(_ generator: inout SeededGenerator, path: String = "p", depth: Int = 3) -> RandomPlan {
    let value = Int.random(in: 1...9, using: &generator)
    switch Int.random(in: 0..<(depth > 0 ? 10 : 6), using: &generator) {
    case 0: return .step(name: path, value: value, failures: 0)
    case 1: return .step(name: path, value: value, failures: Int.random(in: 1...3, using: &generator))
    case 2: return .activity(name: path, value: value)
    case 3: return .sleep(name: path)
    case 4:
      return .group(
        name: path, members: members(value % 5, &generator), opensEnded: Bool.random(using: &generator))
    case 5:
      return .race(
        name: path,
        members: members(value % 3 + 1, &generator).map { member in
          var member = member
          member.value = value
          return member
        })
    case 6, 7:
      return .sequence((0..<value % 5).map { make(&generator, path: "\(path).\($0)", depth: depth - 1) })
    default:
      return .concurrent((0..<value % 5).map { make(&generator, path: "\(path).\($0)", depth: depth - 1) })
    }
  }

  private static func members(_ count: Int, _ generator: inout SeededGenerator) -> [Member] {
    (0..<count).map { place in
      Member(
        id: "m\(place)", value: Int.random(in: 1...9, using: &generator),
        failures: [0, 0, 1, 2].randomElement(using: &generator) ?? 0, isActivity: Bool.random(using: &generator))
    }
  }

  /// What running the plan gives.
  var sum: Int {
    switch self {
    case .step(_, let value, _): value
    case .activity(_, let value): value * 10
    case .sleep: 0
    case .group(_, let members, _): members.reduce(0) { $0 + ($1.isActivity ? $1.value * 10 : $1.value) }
    case .race: 1
    case .sequence(let plans), .concurrent(let plans): plans.reduce(0) { $0 + $1.sum }
    }
  }

  func run(_ context: WorkflowContext, _ counter: Counter) async throws -> Int {
    switch self {
    case .step(let name, let value, let failures):
      return try await context.stepBuilder(name).retryPolicy(.fixedWith(ms: 1, attempts: 10)).execute {
        if counter.add(name) <= failures { throw StepError(.networkError, "not yet") }
        return value
      }
    case .activity(let name, let value):
      return try await context.activity("times-ten", value, as: Int.self, options: ActivityOptions(id: name))
    case .sleep(let name):
      try await context.sleep(name, .milliseconds(1))
      return 0
    case .sequence(let plans):
      var sum = 0
      for plan in plans { sum += try await plan.run(context, counter) }
      return sum
    case .concurrent(let plans):
      return try await withThrowingTaskGroup(of: Int.self) { group in
        for plan in plans { group.addTask { try await plan.run(context, counter) } }
        return try await group.reduce(0, +)
      }
    case .group(let name, let members, let opensEnded):
      if opensEnded {
        let executor = ParallelExecutor(context, name)
        return try await executor.executeAll(members.map { $0.member(name, counter) }).intoResult().reduce(0, +)
      }
      return try await context.parallelVec(name, members.map { $0.member(name, counter) }).reduce(0, +)
    case .race(let name, let members):
      let (winner, value) = try await context.race(name, members.map { $0.member(name, counter) })
      let isRight = members.contains { $0.id == winner && ($0.isActivity ? $0.value * 10 : $0.value) == value }
      return isRight ? 1 : -1_000
    }
  }
}

extension RandomPlan.Member {
  func member(_ group: String, _ counter: Counter) -> ParallelMember<Int> {
    if isActivity { return .activity(id, "times-ten", value) }
    return .step(id, retryPolicy: .fixedWith(ms: 1, attempts: 10)) {
      if counter.add("\(group)/\(id)") <= failures { throw StepError(.networkError, "not yet") }
      return value
    }
  }
}

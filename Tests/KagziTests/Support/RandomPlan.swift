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

  static func make(_ generator: inout SeededGenerator, path: String = "p", depth: Int = 3) -> RandomPlan {
    let value = Int.random(in: 1...9, using: &generator)
    switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &generator) {
    case 0: return .step(name: path, value: value, failures: 0)
    case 1: return .step(name: path, value: value, failures: Int.random(in: 1...3, using: &generator))
    case 2: return .activity(name: path, value: value)
    case 3: return .sleep(name: path)
    case 4, 5:
      return .sequence((0..<value % 5).map { make(&generator, path: "\(path).\($0)", depth: depth - 1) })
    default:
      return .concurrent((0..<value % 5).map { make(&generator, path: "\(path).\($0)", depth: depth - 1) })
    }
  }

  /// What running the plan gives.
  var sum: Int {
    switch self {
    case .step(_, let value, _): value
    case .activity(_, let value): value * 10
    case .sleep: 0
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
    }
  }
}

import Kagzi

/// Fan out over chunks, on whatever workers there are, and add up.
enum MapReduce {
  @Sendable static func countWords(_ ctx: WorkflowContext, _ pages: [String]) async throws -> [String: Int] {
    // snippet: fan-out
    let counts = try await ctx.parallelVec(
      "count",
      pages.enumerated().map { number, page in .activity("page-\(number)", "count-words", page, as: [String: Int].self)
      },
      options: ParallelOptions(maxConcurrency: 10))
    // end snippet
    return try await ctx.step("add-up") {
      counts.reduce(into: [:]) { sum, page in sum.merge(page, uniquingKeysWith: +) }
    }
  }

  @Sendable static func count(_ page: String, _ context: ActivityContext) async throws -> [String: Int] {
    page.split(separator: " ").reduce(into: [:]) { counts, word in counts[word.lowercased(), default: 0] += 1 }
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("count-words", countWords)
    kagzi.registerActivity("count-words", count)
    let pages = (0..<50).map { "The quick fox number \($0) jumps over the lazy dog" }
    let counts = try await kagzi.working {
      try await kagzi.startWorkflow("count-words", pages, as: [String: Int].self).result()
    }
    print("the: \(counts["the"] ?? 0), fox: \(counts["fox"] ?? 0), words: \(counts.values.reduce(0, +))")
  }
}

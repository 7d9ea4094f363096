internal import Kagzi

/// `latency ADDRESS --count N`: starts a one-activity workflow and waits for its result, one after another. Prints the
/// median, the 99th percentile and the mean in milliseconds.
enum LatencyDriver {
  static func run(_ arguments: BenchArguments) async throws {
    let kagzi = try await Kagzi.connect(arguments.argument)
    let count = arguments.number("count", default: 200)
    for _ in 0..<20 { try await once(kagzi) }
    let clock = ContinuousClock()
    var samples: [Double] = []
    for _ in 0..<count {
      let begin = clock.now
      try await once(kagzi)
      samples.append(begin.duration(to: clock.now) / .milliseconds(1))
    }
    await kagzi.close()
    samples.sort()
    let mean = samples.reduce(0, +) / Double(count)
    say("{\"p50_ms\": \(samples[count / 2]), \"p99_ms\": \(samples[count * 99 / 100]), \"mean_ms\": \(mean)}")
  }

  private static func once(_ kagzi: Kagzi) async throws {
    let result = try await kagzi.startWorkflow(BenchWorkflows.one, 1, as: Int.self).result()
    guard result == 1 else { throw BenchError("a workflow gave \(result)") }
  }
}

/// What single workflows or calls took, in milliseconds.
struct Percentiles {
  private let sorted: [Double]

  init(_ samples: [Double]) { sorted = samples.sorted() }

  /// The least sample that so many percent do not exceed.
  func rank(_ percent: Int) -> Double {
    sorted.isEmpty ? 0 : sorted[max(0, (percent * sorted.count + 99) / 100 - 1)]
  }

  /// The members of a JSON object.
  var json: String {
    let mean = sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count)
    return "\"count\": \(sorted.count), \"p50_ms\": \(rank(50)), \"p90_ms\": \(rank(90)), \"p99_ms\": \(rank(99)), "
      + "\"max_ms\": \(rank(100)), \"mean_ms\": \(mean)"
  }
}

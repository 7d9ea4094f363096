extension AsyncSequence {
  /// All elements.
  func collect() async throws -> [Element] {
    try await reduce(into: []) { $0.append($1) }
  }
}

extension WorkflowContext {
  /// Runs two local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), options: options)
  }

  /// Runs three local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), options: options)
  }

  /// Runs four local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), options: options)
  }

  /// Runs five local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable, E: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), _ e: (String, @Sendable () async throws -> E),
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), .step(e.0, e.1), options: options)
  }

  /// Runs six local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable, E: Codable & Sendable,
    F: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), _ e: (String, @Sendable () async throws -> E),
    _ f: (String, @Sendable () async throws -> F), options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), .step(e.0, e.1), .step(f.0, f.1),
      options: options)
  }

  /// Runs seven local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable, E: Codable & Sendable,
    F: Codable & Sendable, G: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), _ e: (String, @Sendable () async throws -> E),
    _ f: (String, @Sendable () async throws -> F), _ g: (String, @Sendable () async throws -> G),
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), .step(e.0, e.1), .step(f.0, f.1),
      .step(g.0, g.1), options: options)
  }

  /// Runs eight local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable, E: Codable & Sendable,
    F: Codable & Sendable, G: Codable & Sendable, H: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), _ e: (String, @Sendable () async throws -> E),
    _ f: (String, @Sendable () async throws -> F), _ g: (String, @Sendable () async throws -> G),
    _ h: (String, @Sendable () async throws -> H), options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G, H) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), .step(e.0, e.1), .step(f.0, f.1),
      .step(g.0, g.1), .step(h.0, h.1), options: options)
  }

  /// Runs nine local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable, E: Codable & Sendable,
    F: Codable & Sendable, G: Codable & Sendable, H: Codable & Sendable, I: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), _ e: (String, @Sendable () async throws -> E),
    _ f: (String, @Sendable () async throws -> F), _ g: (String, @Sendable () async throws -> G),
    _ h: (String, @Sendable () async throws -> H), _ i: (String, @Sendable () async throws -> I),
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G, H, I) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), .step(e.0, e.1), .step(f.0, f.1),
      .step(g.0, g.1), .step(h.0, h.1), .step(i.0, i.1), options: options)
  }

  /// Runs ten local steps at once and gives their outputs as a tuple, each of its own type; else like `parallelVec`.
  public func parallel<
    A: Codable & Sendable, B: Codable & Sendable, C: Codable & Sendable, D: Codable & Sendable, E: Codable & Sendable,
    F: Codable & Sendable, G: Codable & Sendable, H: Codable & Sendable, I: Codable & Sendable, J: Codable & Sendable
  >(
    _ group: some ParallelGroup, _ a: (String, @Sendable () async throws -> A),
    _ b: (String, @Sendable () async throws -> B), _ c: (String, @Sendable () async throws -> C),
    _ d: (String, @Sendable () async throws -> D), _ e: (String, @Sendable () async throws -> E),
    _ f: (String, @Sendable () async throws -> F), _ g: (String, @Sendable () async throws -> G),
    _ h: (String, @Sendable () async throws -> H), _ i: (String, @Sendable () async throws -> I),
    _ j: (String, @Sendable () async throws -> J), options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G, H, I, J) {
    try await parallel(
      group, .step(a.0, a.1), .step(b.0, b.1), .step(c.0, c.1), .step(d.0, d.1), .step(e.0, e.1), .step(f.0, f.1),
      .step(g.0, g.1), .step(h.0, h.1), .step(i.0, i.1), .step(j.0, j.1), options: options)
  }

  @available(*, unavailable, message: "parallel takes 2 to 10 members; for more of one type use parallelVec")
  public func parallel(
    _ group: some ParallelGroup, _ m0: (String, Any), _ m1: (String, Any), _ m2: (String, Any), _ m3: (String, Any),
    _ m4: (String, Any), _ m5: (String, Any), _ m6: (String, Any), _ m7: (String, Any), _ m8: (String, Any),
    _ m9: (String, Any), _ m10: (String, Any), _ more: (String, Any)...
  ) async throws { fatalError("unavailable") }
}

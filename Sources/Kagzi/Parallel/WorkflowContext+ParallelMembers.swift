internal import Messages

extension WorkflowContext {
  /// Runs two members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1])
    )
  }

  /// Runs three members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2])
    )
  }

  /// Runs four members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3])
    )
  }

  /// Runs five members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable,
    E: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, _ e: ParallelMember<E>, options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work), (e.id, e.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3]),
      try PayloadCoding.decode(E.self, from: outputs[4])
    )
  }

  /// Runs six members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable,
    E: Decodable & Sendable, F: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, _ e: ParallelMember<E>, _ f: ParallelMember<F>,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work), (e.id, e.work), (f.id, f.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3]),
      try PayloadCoding.decode(E.self, from: outputs[4]), try PayloadCoding.decode(F.self, from: outputs[5])
    )
  }

  /// Runs seven members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable,
    E: Decodable & Sendable, F: Decodable & Sendable, G: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, _ e: ParallelMember<E>, _ f: ParallelMember<F>, _ g: ParallelMember<G>,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work), (e.id, e.work), (f.id, f.work), (g.id, g.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3]),
      try PayloadCoding.decode(E.self, from: outputs[4]), try PayloadCoding.decode(F.self, from: outputs[5]),
      try PayloadCoding.decode(G.self, from: outputs[6])
    )
  }

  /// Runs eight members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable,
    E: Decodable & Sendable, F: Decodable & Sendable, G: Decodable & Sendable, H: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, _ e: ParallelMember<E>, _ f: ParallelMember<F>, _ g: ParallelMember<G>,
    _ h: ParallelMember<H>, options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G, H) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work), (e.id, e.work), (f.id, f.work),
        (g.id, g.work), (h.id, h.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3]),
      try PayloadCoding.decode(E.self, from: outputs[4]), try PayloadCoding.decode(F.self, from: outputs[5]),
      try PayloadCoding.decode(G.self, from: outputs[6]), try PayloadCoding.decode(H.self, from: outputs[7])
    )
  }

  /// Runs nine members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable,
    E: Decodable & Sendable, F: Decodable & Sendable, G: Decodable & Sendable, H: Decodable & Sendable,
    I: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, _ e: ParallelMember<E>, _ f: ParallelMember<F>, _ g: ParallelMember<G>,
    _ h: ParallelMember<H>, _ i: ParallelMember<I>, options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G, H, I) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work), (e.id, e.work), (f.id, f.work),
        (g.id, g.work), (h.id, h.work), (i.id, i.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3]),
      try PayloadCoding.decode(E.self, from: outputs[4]), try PayloadCoding.decode(F.self, from: outputs[5]),
      try PayloadCoding.decode(G.self, from: outputs[6]), try PayloadCoding.decode(H.self, from: outputs[7]),
      try PayloadCoding.decode(I.self, from: outputs[8])
    )
  }

  /// Runs ten members, local steps, activities and child workflows mixed as wanted; else like `parallelVec`.
  public func parallel<
    A: Decodable & Sendable, B: Decodable & Sendable, C: Decodable & Sendable, D: Decodable & Sendable,
    E: Decodable & Sendable, F: Decodable & Sendable, G: Decodable & Sendable, H: Decodable & Sendable,
    I: Decodable & Sendable, J: Decodable & Sendable
  >(
    _ group: some ParallelGroup, _ a: ParallelMember<A>, _ b: ParallelMember<B>, _ c: ParallelMember<C>,
    _ d: ParallelMember<D>, _ e: ParallelMember<E>, _ f: ParallelMember<F>, _ g: ParallelMember<G>,
    _ h: ParallelMember<H>, _ i: ParallelMember<I>, _ j: ParallelMember<J>,
    options: ParallelOptions = ParallelOptions()
  ) async throws -> (A, B, C, D, E, F, G, H, I, J) {
    let outputs = try await outputs(
      group,
      [
        (a.id, a.work), (b.id, b.work), (c.id, c.work), (d.id, d.work), (e.id, e.work), (f.id, f.work),
        (g.id, g.work), (h.id, h.work), (i.id, i.work), (j.id, j.work),
      ], options)
    return (
      try PayloadCoding.decode(A.self, from: outputs[0]), try PayloadCoding.decode(B.self, from: outputs[1]),
      try PayloadCoding.decode(C.self, from: outputs[2]), try PayloadCoding.decode(D.self, from: outputs[3]),
      try PayloadCoding.decode(E.self, from: outputs[4]), try PayloadCoding.decode(F.self, from: outputs[5]),
      try PayloadCoding.decode(G.self, from: outputs[6]), try PayloadCoding.decode(H.self, from: outputs[7]),
      try PayloadCoding.decode(I.self, from: outputs[8]), try PayloadCoding.decode(J.self, from: outputs[9])
    )
  }

  @available(*, unavailable, message: "parallel takes 2 to 10 members; for more of one type use parallelVec")
  public func parallel<
    A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10
  >(
    _ group: some ParallelGroup, _ m0: ParallelMember<A0>, _ m1: ParallelMember<A1>, _ m2: ParallelMember<A2>,
    _ m3: ParallelMember<A3>, _ m4: ParallelMember<A4>, _ m5: ParallelMember<A5>, _ m6: ParallelMember<A6>,
    _ m7: ParallelMember<A7>, _ m8: ParallelMember<A8>, _ m9: ParallelMember<A9>, _ m10: ParallelMember<A10>
  ) async throws { fatalError("unavailable") }
}

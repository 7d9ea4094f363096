import Engine
import SeededRandom
import Testing

@Suite("Identifiers and tokens")
struct IdentifierTests {
  @Test("a UUIDv7 has its version and variant, reads back from its text, and orders by time")
  func uuid() {
    var generator = Seeded(seed: 1)
    var ids = UUIDv7Sequence()
    var last: UUID?
    for milliseconds in (0..<2_000).map({ 1_700_000_000_000 + UInt64($0) * 7 }) {
      let id = ids.next(milliseconds: milliseconds, using: &generator)
      #expect(id.high >> 12 & 0xF == 7)
      #expect(id.low >> 62 == 0b10)
      #expect(id.high >> 16 == milliseconds)
      #expect(UUID.lowestV7(milliseconds: milliseconds) < id && id < UUID.lowestV7(milliseconds: milliseconds + 1))
      #expect(UUID(id.description) == id)
      #expect(UUID(id.description.uppercased()) == id)
      if let last { #expect(last < id && last.description < id.description) }
      last = id
    }
  }

  @Test("ids rise within a millisecond, past its count, and when the clock goes back")
  func rising() {
    var generator = Seeded(seed: 3)
    var ids = UUIDv7Sequence()
    let clock = [1_700_000_000_000, 1_700_000_000_000, 1_699_999_999_000, 1_700_000_000_004] as [UInt64]
    let made = clock.flatMap { milliseconds in
      (0..<5_000).map { _ in ids.next(milliseconds: milliseconds, using: &generator) }
    }
    #expect(zip(made, made.dropFirst()).allSatisfy { $0 < $1 })
    #expect(made.allSatisfy { $0.high >> 12 & 0xF == 7 && $0.low >> 62 == 0b10 })
    #expect((made.last?.high ?? 0) >> 16 <= 1_700_000_000_006)
  }

  @Test(
    "text that is no UUID is refused",
    arguments: [
      "", "x", "018f3b2a-7c1d-7e5f-8a9b-0c1d2e3f4a5", "018f3b2a-7c1d-7e5f-8a9b-0c1d2e3f4a5bc",
      "018f3b2a07c1d-7e5f-8a9b-0c1d2e3f4a5b", "018f3b2g-7c1d-7e5f-8a9b-0c1d2e3f4a5b",
      "018f3b2a7c1d7e5f8a9b0c1d2e3f4a5b0000",
    ])
  func badText(text: String) { #expect(UUID(text) == nil) }

  @Test("a token reads back from its bytes, with and without a step")
  func tokens() {
    var generator = Seeded(seed: 2)
    for index in 0..<2_000 {
      let step = index.isMultiple(of: 2) ? nil : "step/\(index)#é"
      let token = TaskToken(
        runID: UUID(high: generator.next(), low: generator.next()),
        sessionID: UUID(high: generator.next(), low: generator.next()),
        epoch: Int32(truncatingIfNeeded: generator.next()), step: step)
      #expect(TaskToken(token.bytes) == token)
    }
  }

  @Test("bytes that no coordinator made are refused, and never trap")
  func garbage() {
    var generator = Seeded(seed: 3)
    let good = TaskToken(runID: UUID(high: 1, low: 2), sessionID: UUID(high: 3, low: 4), epoch: 5, step: "a").bytes
    for length in 0..<good.count { #expect(TaskToken(Array(good.prefix(length))) == nil) }
    for _ in 0..<5_000 {
      let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if let token = TaskToken(bytes) { #expect(token.bytes == bytes) }
    }
    #expect(TaskToken(good.dropLast() + [0xFF]) == nil)
  }
}

import Testing

@testable import GRPC

@Suite struct GRPCTimeoutTests {
  private func parse(_ text: String) -> UInt64? { Array(text.utf8).withUnsafeBytes(GRPCTimeout.nanoseconds) }

  @Test(
    "a timeout is digits and a unit",
    arguments: [
      ("1n", 1), ("2u", 2_000), ("3m", 3_000_000), ("4S", 4_000_000_000), ("5M", 300_000_000_000),
      ("6H", 21_600_000_000_000), ("00000000S", 0), ("99999999n", 99_999_999),
    ] as [(String, UInt64)])
  func units(text: String, nanoseconds: UInt64) {
    #expect(parse(text) == nanoseconds)
  }

  @Test("the largest timeout does not overflow")
  func largest() {
    #expect(parse("99999999H") == .max)
    #expect(parse("99999999M") == 99_999_999 * 60_000_000_000)
  }

  @Test("what is malformed is refused", arguments: ["", "S", "1", "1s", "-1S", "123456789S", "1 S", "1.5S", "S1"])
  func malformed(text: String) {
    #expect(parse(text) == nil)
  }

  @Test("a written timeout is at most eight digits and never shorter than what was asked")
  func written() throws {
    var value: UInt64 = 1
    while value < 1 << 62 {
      for offset in [0, 1, 12_345] as [UInt64] {
        let text = GRPCTimeout.text(nanoseconds: value + offset)
        #expect(text.utf8.count <= 9)
        #expect(try #require(parse(text)) >= value + offset || text == "99999999H")
      }
      value = value * 3 + 1
    }
  }
}

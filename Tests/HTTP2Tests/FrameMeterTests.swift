import HTTP2
import Testing

@Suite struct FrameMeterTests {
  private func frame(type: UInt8, flags: UInt8 = 0, length: Int) -> [UInt8] {
    [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags, 0, 0, 0, 1]
      + [UInt8](repeating: 0xAB, count: length)
  }

  @Test("weights do not depend on how the bytes are cut", arguments: 0..<200)
  func cuts(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var bytes = [UInt8](repeating: 0, count: 24)
    for _ in 0..<20 {
      bytes += frame(
        type: UInt8.random(in: 0...12, using: &random), flags: UInt8.random(in: 0...1, using: &random),
        length: Int.random(in: 0...40, using: &random))
    }
    var whole: [Int] = []
    var meter = FrameMeter(prefaceLength: 24)
    bytes.withUnsafeBytes { meter.observe($0) { whole.append($0) } }

    var cut: [Int] = []
    meter = FrameMeter(prefaceLength: 24)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Int.random(in: 1...30, using: &random))
      bytes[start..<end].withUnsafeBytes { meter.observe($0) { cut.append($0) } }
      start = end
    }
    #expect(cut == whole)
    #expect(!whole.isEmpty)
  }

  @Test("acknowledgements and data that ends a stream cost nothing")
  func free() {
    var strikes: [Int] = []
    var meter = FrameMeter(prefaceLength: 0)
    let bytes =
      frame(type: 4, flags: 1, length: 0) + frame(type: 6, flags: 1, length: 8) + frame(type: 0, flags: 1, length: 0)
    bytes.withUnsafeBytes { meter.observe($0) { strikes.append($0) } }
    #expect(strikes.isEmpty)
  }
}

struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

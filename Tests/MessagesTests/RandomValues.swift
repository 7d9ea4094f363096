import Messages

/// A random source that gives the same values for the same seed.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of every size, the edges often.
  mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T {
    switch Int.random(in: 0..<6, using: &self) {
    case 0: 0
    case 1: .max
    case 2: .min
    default: T(truncatingIfNeeded: next() >> UInt64.random(in: 0..<64, using: &self))
    }
  }

  mutating func text() -> String {
    let letters: [Character] = ["a", "Z", "0", " ", "ß", "é", "漢", "🙂", "\u{1}", "\u{7F}", "\u{10FFFF}"]
    return String((0..<Int.random(in: 0..<40, using: &self)).map { _ in letters.randomElement(using: &self)! })
  }

  mutating func bytes() -> [UInt8] {
    (0..<Int.random(in: 0..<40, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  mutating func double() -> Double {
    [0, -0.0, 1.5, -.infinity, .greatestFiniteMagnitude, Double(number(Int64.self))].randomElement(using: &self)!
  }

  mutating func maybe<T>(_ make: (inout Self) -> T) -> T? {
    Bool.random(using: &self) ? make(&self) : nil
  }

  mutating func array<T>(_ make: (inout Self) -> T) -> [T] {
    (0..<[0, 0, 1, 5].randomElement(using: &self)!).map { _ in make(&self) }
  }
}

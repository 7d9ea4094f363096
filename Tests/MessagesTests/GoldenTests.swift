import Foundation
import Messages
import Testing

/// `Golden/sample.hex` is what Python's protobuf makes of this value; `Tests/Generator/test_golden.py` proves that.
@Suite("The wire is that of other protobuf libraries")
struct GoldenTests {
  static let sample = Sample(
    int32Value: -1, int64Value: .min, uint32Value: .max, uint64Value: .max, sint32Value: .min, sint64Value: .min,
    fixed32Value: 7, fixed64Value: 8, sfixed32Value: -9, sfixed64Value: -10, floatValue: -0.0, doubleValue: 0.1,
    boolValue: true, text: "naïve 漢 🙂", data: [0, 255], shade: .negative, leaf: Leaf(),
    time: Timestamp(seconds: 1, nanos: 500_000_001), span: ProtoDuration(seconds: -1, nanos: -500_000_000),
    optionalNumber: 0, optionalText: "", optionalData: [], optionalBool: false, optionalDouble: -0.0,
    optionalShade: .unspecified, numbers: [0, -1, 300], doubles: [-0.0, 1.5], bools: [true, false],
    shades: [.light, .unrecognized(77), .negative], texts: ["", "a"], datas: [[], [1]],
    leaves: [Leaf(), Leaf(name: "leaf", value: 2, weight: 0)], labels: ["key": "value"],
    leafByNumber: [-3: Leaf(name: "three")], shadeByBool: [true: .dark], choice: .choiceDouble(-0.0),
    nested: Sample.Nested(name: "inner", kind: .only), default: "d", namespace: "n")

  @Test("Swift decodes what Python encoded")
  func decodes() throws {
    #expect(try Sample.decoded(Self.goldenBytes()) == Self.sample)
  }

  @Test("Swift encodes the bytes that Python encodes")
  func encodes() throws {
    #expect(Self.sample.wireBytes == (try Self.goldenBytes()))
  }

  private static func goldenBytes() throws -> [UInt8] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/sample.hex")
    let digits = Array(try String(contentsOf: file, encoding: .utf8).utf8.filter { $0 != UInt8(ascii: "\n") })
    return try stride(from: 0, to: digits.count, by: 2).map { index in
      try #require(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
    }
  }
}

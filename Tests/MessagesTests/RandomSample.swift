import Messages

extension SeededRandom {
  mutating func shade() -> Shade {
    (Shade.declared + [.unrecognized(77), .unrecognized(-9)]).randomElement(using: &self)!
  }

  mutating func leaf() -> Leaf {
    Leaf(name: text(), value: double(), weight: maybe { $0.number() })
  }

  mutating func choice() -> Sample.Choice {
    switch Int.random(in: 0..<7, using: &self) {
    case 0: .choiceNumber(number())
    case 1: .choiceText(text())
    case 2: .choiceData(bytes())
    case 3: .choiceLeaf(leaf())
    case 4: .choiceShade(shade())
    case 5: .choiceDouble(double())
    default: .choiceBool(.random(using: &self))
    }
  }

  /// A sample with every field set or not by chance.
  mutating func sample() -> Sample {
    var sample = numbers()
    sample.text = text()
    sample.data = bytes()
    sample.shade = shade()
    sample.leaf = maybe { $0.leaf() }
    sample.time = maybe { Timestamp(seconds: $0.number(), nanos: $0.number()) }
    sample.span = maybe { ProtoDuration(seconds: $0.number(), nanos: $0.number()) }
    sample.optionalNumber = maybe { $0.number() }
    sample.optionalText = maybe { $0.text() }
    sample.optionalData = maybe { $0.bytes() }
    sample.optionalBool = maybe { .random(using: &$0) }
    sample.optionalDouble = maybe { $0.double() }
    sample.optionalShade = maybe { $0.shade() }
    sample.numbers = array { $0.number() }
    sample.doubles = array { $0.double() }
    sample.bools = array { .random(using: &$0) }
    sample.shades = array { $0.shade() }
    sample.texts = array { $0.text() }
    sample.datas = array { $0.bytes() }
    sample.leaves = array { $0.leaf() }
    sample.labels = Dictionary(array { ($0.text(), $0.text()) }) { first, _ in first }
    sample.leafByNumber = Dictionary(array { ($0.number(), $0.leaf()) }) { first, _ in first }
    sample.shadeByBool = Dictionary(array { (.random(using: &$0), $0.shade()) }) { first, _ in first }
    sample.choice = maybe { $0.choice() }
    sample.nested = maybe { Sample.Nested(name: $0.text(), kind: .only) }
    sample.default = text()
    sample.namespace = text()
    return sample
  }

  private mutating func numbers() -> Sample {
    Sample(
      int32Value: number(), int64Value: number(), uint32Value: number(), uint64Value: number(),
      sint32Value: number(), sint64Value: number(), fixed32Value: number(), fixed64Value: number(),
      sfixed32Value: number(), sfixed64Value: number(), floatValue: Float(number(Int32.self)), doubleValue: double(),
      boolValue: .random(using: &self))
  }
}

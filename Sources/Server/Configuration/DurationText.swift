/// Durations as people write them: `500ms`, `30s`, `5m`, `2h`.
package enum DurationText {
  package static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isNumber }
    guard let number = Int64(digits), number <= 1_000_000_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms": return .milliseconds(number)
    case "s": return .seconds(number)
    case "m": return .seconds(number * 60)
    case "h": return .seconds(number * 3_600)
    default: return nil
    }
  }
}

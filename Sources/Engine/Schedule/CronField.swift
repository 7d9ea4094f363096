/// The values that one field of a cron expression allows, as a set of bits.
package struct CronField: Sendable, Hashable {
  /// What a field counts: its name for people, its range, the names its values have.
  internal struct Kind: Sendable {
    var name: String
    var range: ClosedRange<Int>
    /// Names of values, the first for the lower bound of the range.
    var names: [String] = []

    static let second = Kind(name: "second", range: 0...59)
    static let minute = Kind(name: "minute", range: 0...59)
    static let hour = Kind(name: "hour", range: 0...23)
    static let dayOfMonth = Kind(name: "day of month", range: 1...31)
    static let month = Kind(
      name: "month", range: 1...12,
      names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    /// 7 is Sunday, too.
    static let weekday = Kind(
      name: "day of week", range: 0...7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
  }

  private var bits: UInt64 = 0
  /// Whether the field has no `*`: only then it narrows the days by itself.
  package private(set) var isRestricted = true

  package func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

  /// The smallest allowed value; fields are never empty.
  package var first: Int { bits.trailingZeroBitCount }

  package var count: Int { bits.nonzeroBitCount }

  /// The smallest allowed value that is `value` or more.
  package func next(_ value: Int) -> Int? {
    guard value < 64 else { return nil }
    let rest = bits >> UInt64(value)
    return rest == 0 ? nil : value + rest.trailingZeroBitCount
  }

  private mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }

  internal init(value: Int) { insert(value) }

  /// Reads a field: a list of `*`, values and ranges, each with a step if it likes.
  internal init(_ text: Substring, _ kind: Kind) throws(CronError) {
    for item in text.split(separator: ",", omittingEmptySubsequences: false) { try add(item, kind) }
    isRestricted = !text.contains("*")
    if kind.range.upperBound == 7, contains(7) {
      bits &= ~(1 << 7)
      insert(0)
    }
  }

  private mutating func add(_ item: Substring, _ kind: Kind) throws(CronError) {
    let parts = item.split(separator: "/", omittingEmptySubsequences: false)
    guard !item.isEmpty, parts.count <= 2 else {
      throw CronError("\(kind.name): '\(item)' is not a value, a range or a step")
    }
    var range = try Self.range(parts[0], kind)
    var step = 1
    if parts.count == 2 {
      guard let number = Self.number(parts[1]), number >= 1, number <= kind.range.upperBound else {
        throw CronError("\(kind.name): the step '\(parts[1])' must be 1 to \(kind.range.upperBound)")
      }
      step = number
      // As in `5/15`: from 5 on.
      if range.count == 1, !parts[0].contains("-") { range = range.lowerBound...Self.last(kind) }
    }
    for value in stride(from: range.lowerBound, through: range.upperBound, by: step) { insert(value) }
  }

  /// The last value that `*` and an open step reach: Saturday, not the second Sunday.
  private static func last(_ kind: Kind) -> Int { min(kind.range.upperBound, kind.range.upperBound == 7 ? 6 : .max) }

  private static func range(_ text: Substring, _ kind: Kind) throws(CronError) -> ClosedRange<Int> {
    if text == "*" { return kind.range.lowerBound...last(kind) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    let lower = try value(ends[0], kind)
    guard ends.count > 1 else { return lower...lower }
    guard ends.count == 2 else { throw CronError("\(kind.name): '\(text)' is not a range") }
    let upper = try value(ends[1], kind)
    guard lower <= upper else {
      let last = Self.last(kind)
      throw CronError(
        "\(kind.name): the range '\(text)' runs backwards; write it as two: \(ends[0])-\(last),\(kind.range.lowerBound)-\(ends[1])"
      )
    }
    return lower...upper
  }

  private static func value(_ text: Substring, _ kind: Kind) throws(CronError) -> Int {
    if let index = kind.names.firstIndex(of: text.uppercased()) { return kind.range.lowerBound + index }
    guard let number = number(text) else {
      if let sign = text.first(where: { "LW#?lw".contains($0) }) {
        throw CronError("\(kind.name): '\(text)': L, W, # and ? are not supported ('\(sign)')")
      }
      let names = kind.names.isEmpty ? "" : " or a name such as \(kind.names[1])"
      throw CronError("\(kind.name): '\(text)' is not a number\(names)")
    }
    guard kind.range.contains(number) else {
      throw CronError("\(kind.name): \(number) is not within \(kind.range.lowerBound) to \(kind.range.upperBound)")
    }
    return number
  }

  /// A number of one or two ASCII digits.
  private static func number(_ text: Substring) -> Int? {
    guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }
}

/// Markup. A literal is markup; a value that is put into it is text and is escaped; only `HTML` goes in as it is.
internal struct HTML: ExpressibleByStringInterpolation, Sendable {
  var markup: String

  init(stringLiteral markup: String) { self.markup = markup }
  init(stringInterpolation: Interpolation) { markup = stringInterpolation.markup }
  init(joining parts: some Sequence<HTML>) { markup = parts.map(\.markup).joined() }

  struct Interpolation: StringInterpolationProtocol {
    var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity * 2) }

    mutating func appendLiteral(_ literal: String) { markup += literal }
    mutating func appendInterpolation(_ html: HTML) { markup += html.markup }
    mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }
    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      markup += HTML.escape(value.description)
    }
  }

  /// Safe between tags and within quoted attributes.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

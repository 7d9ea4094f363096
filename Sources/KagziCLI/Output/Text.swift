internal import Foundation
internal import Messages

/// How values look in tables.
enum Text {
  /// In UTC, such as `2026-11-24 01:41:10.539`.
  static func time(_ timestamp: Timestamp?) -> String {
    guard let timestamp else { return "-" }
    return rfc3339(timestamp).replacing("T", with: " ").replacing("Z", with: "")
  }

  static func rfc3339(_ timestamp: Timestamp) -> String {
    let date = Date(timeIntervalSince1970: Double(timestamp.seconds) + Double(timestamp.nanos) / 1e9)
    return Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(date)
  }

  static func duration(from start: Timestamp?, to end: Timestamp?) -> String {
    guard let start, let end else { return "-" }
    let seconds = Double(end.seconds - start.seconds) + Double(end.nanos - start.nanos) / 1e9
    return seconds < 1 ? "\(Int((seconds * 1_000).rounded())) ms" : String(format: "%.2f s", seconds)
  }

  /// A payload on one line: JSON as it is, other data by its size.
  static func payload(_ payload: Payload?) -> String {
    guard let payload else { return "-" }
    if payload.encoding == "json" || payload.encoding == "null", payload.data.count <= 4_096 {
      return payload.data.isEmpty ? "null" : String(decoding: payload.data, as: UTF8.self)
    }
    return "\(payload.data.count) bytes (\(payload.encoding.isEmpty ? "bytes" : payload.encoding))"
  }

  static func failure(_ failure: Failure?) -> String {
    guard let failure else { return "" }
    let code = failure.code.isEmpty ? "" : " [\(failure.code)]"
    return "\(name(failure.kind))\(code): \(failure.message)"
  }

  static func name(_ value: some Any) -> String {
    // Cases are the contract's names in camel case.
    var text = ""
    for character in "\(value)" {
      if character.isUppercase { text += "_" }
      text += character.uppercased()
    }
    return text
  }
}

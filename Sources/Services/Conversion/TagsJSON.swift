internal import Foundation

/// String maps as the JSON objects that Postgres keeps and filters.
internal enum TagsJSON {
  /// Nil for an empty map.
  static func encode(_ tags: [String: String]) -> String? {
    guard !tags.isEmpty else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(tags) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  static func decode(_ text: String) -> [String: String] {
    (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
  }
}

/// Where a coordinator listens: `host:port`, `[v6]:port`, or a host alone (port 7480). `https://` before it asks for TLS;
/// `http://` and `kagzi://` say nothing.
struct Address: Hashable, Sendable {
  static let defaultPort = 7480
  var host: String
  var port: Int
  var wantsTLS = false

  init(_ text: String) throws {
    var rest = Substring(text)
    if let scheme = rest.range(of: "://") {
      wantsTLS = rest[..<scheme.lowerBound] == "https"
      rest = rest[scheme.upperBound...]
    }
    if rest.hasSuffix("/") { rest.removeLast() }
    let invalid = KagziError(.invalid, "\"\(text)\" is no address. Write host:port, such as 127.0.0.1:7480.")
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { throw invalid }
      host = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { throw invalid }
      guard rest != ":" else { throw invalid }
      rest = rest.dropFirst()
    } else {
      let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      host = String(parts[0])
      rest = parts.count > 1 ? parts[1] : ""
      guard parts.count == 1 || !rest.isEmpty else { throw invalid }
    }
    guard !host.isEmpty else { throw invalid }
    if rest.isEmpty {
      port = Self.defaultPort
    } else {
      guard let number = Int(rest), (1...65_535).contains(number) else { throw invalid }
      port = number
    }
  }
}

extension Substring {
  fileprivate func range(of text: String) -> Range<Index>? {
    ranges(of: text).first
  }
}

/// A server's address.
package struct GRPCTarget: Sendable, Hashable, CustomStringConvertible {
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// From `host:port`, `[::1]:port` or `host`, with `defaultPort` for the last. Nil for anything else.
  package init?(_ text: String, defaultPort: Int = 7_233) {
    var host = text[...]
    var port: Int? = defaultPort
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      let rest = host[host.index(after: end)...]
      host = host[host.index(after: host.startIndex)..<end]
      if !rest.isEmpty { port = rest.first == ":" ? Int(rest.dropFirst()) : nil }
    } else if let colon = host.lastIndex(of: ":") {
      port = Int(host[host.index(after: colon)...])
      host = host[..<colon]
      if host.contains(":") { return nil }
    }
    guard !host.isEmpty, let port, (1...65_535).contains(port) else { return nil }
    self.init(host: String(host), port: port)
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

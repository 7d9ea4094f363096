/// One key of the server's configuration: the same name as a flag (`--database-url`), in the environment
/// (`KAGZI_DATABASE_URL`) and in a JSON file (`"database-url"`).
package struct ConfigurationKey: Sendable {
  package var name: String
  /// What holds when nobody sets it; empty: there is no default.
  package var defaultValue: String
  package var explanation: String

  package var environmentName: String { "KAGZI_" + name.uppercased().replacing("-", with: "_") }

  /// Every key, in the order of help and README.
  package static let all: [ConfigurationKey] = [
    .init("database-url", "", "Postgres to use: a libpq connection string or URL (kagzi dev makes its own)"),
    .init("listen", "127.0.0.1:7480", "host:port to listen at; port 0 takes a free one"),
    .init(
      "http-listen", "",
      "host:port of the HTTP pages: health, metrics, dashboard; off when empty (kagzi dev: 127.0.0.1:7481 or a free port)"
    ),
    .init("tls-certificate", "", "PEM file with the certificate chain; with tls-private-key turns TLS on"),
    .init("tls-private-key", "", "PEM file with the private key"),
    .init("tls-client-ca", "", "PEM file: every client must present a certificate signed by it"),
    .init("event-loop-threads", "2", "threads that serve connections, 1 to 64"),
    .init("lanes", "2", "connections that write batches, 1 to 16, and one more for quiet tenants"),
    .init("read-connections", "4", "connections that read for callers, 1 to 64"),
    .init("lookup-connections", "2", "connections that read for tasks and waiters, 1 to 64"),
    .init("max-message-bytes", "4194304", "largest message in and out"),
    .init("max-payload-bytes", "2097152", "largest payload"),
    .init("lease-default", "30s", "lease of a worker that asks for none"),
    .init("accept-timeout", "5s", "a pushed task that is not accepted within this goes back"),
    .init("cancel-grace", "30s", "a cancelled run that no worker finishes is closed after this"),
    .init("loss-limit", "10", "workflow tasks lost to dead workers in a row that park a run"),
    .init("retention-interval", "1m", "closed runs older than their namespace keeps them are looked for this often"),
    .init("drain-timeout", "30s", "calls in flight may finish for this long after SIGTERM"),
    .init("log-level", "info", "trace, debug, info, notice, warning, error or critical"),
  ]

  private init(_ name: String, _ defaultValue: String, _ explanation: String) {
    self.name = name
    self.defaultValue = defaultValue
    self.explanation = explanation
  }

  /// The table of the README.
  package static var markdownTable: String {
    let rows = all.map { key in
      "| `\(key.name)` | `\(key.environmentName)` | \(key.defaultValue.isEmpty ? "" : "`\(key.defaultValue)`") | \(key.explanation) |"
    }
    return (["| key | environment | default | what |", "|---|---|---|---|"] + rows).joined(separator: "\n")
  }

  /// The same for `--help`.
  package static var helpTable: String {
    let width = all.map(\.name.count).max() ?? 0
    return all.map { key in
      let padded = key.name + String(repeating: " ", count: width - key.name.count)
      let value = key.defaultValue.isEmpty ? "" : " (default \(key.defaultValue))"
      return "  --\(padded)  \(key.explanation)\(value)"
    }.joined(separator: "\n")
  }
}

/// The server process behind a connection: its pid may be used again, its pid with its start may not.
package struct PostgresBackend: Sendable, Hashable {
  package let pid: Int32
  /// When it started, in text as the server writes it.
  package let startedAt: PostgresTimestamp
}

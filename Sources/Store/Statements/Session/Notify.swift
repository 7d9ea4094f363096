package import Postgres

/// Tells whoever listens on a channel.
package struct Notify: PostgresStatement {
  package let channel: String
  package let payload: String

  package init(channel: String, payload: String) {
    self.channel = channel
    self.payload = payload
  }

  package static let name = "notify"
  package static let sql = "SELECT pg_notify($1, $2)"

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(channel)
    parameters.bind(payload)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {}
}

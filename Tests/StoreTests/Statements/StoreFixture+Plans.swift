import Postgres
import Store
import TestSupport

extension StoreFixture {
  /// The plan that the connections for reads make.
  func plan<Statement: PostgresStatement & Sendable>(_ statement: Statement) async throws -> String {
    let configuration = database.configuration.forReads()
    return try await NativeThread.run(name: "plan") {
      let connection = try PostgresConnection(configuration, logger: TestCluster.logger)
      return try connection.execute(Explain(statement: statement)).rows.joined(separator: "\n")
    }
  }
}

private struct Explain<Explained: PostgresStatement>: PostgresStatement {
  let statement: Explained
  static var name: String { "" }
  static var sql: String { "EXPLAIN " + Explained.sql }
  func bind(_ parameters: inout PostgresParameters) { statement.bind(&parameters) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}

package import Engine
package import Postgres

/// Whether a run has recorded a signal with a request id. A row comes back if so.
package struct FindSignal: LookupStatement {
  package let runID: RunID
  package let requestID: String

  package init(runID: RunID, requestID: String) {
    self.runID = runID
    self.requestID = requestID
  }

  package static let name = "find_signal"
  package static let sql = "SELECT seq FROM kagzi.signals WHERE run_id = $1 AND request_id = $2"

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(requestID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64 { try row.int64(0) }
}

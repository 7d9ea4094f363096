package import Engine
package import Postgres

/// What a start met: the run of its request id, the open run of its workflow id, or the newest closed one.
package struct FindStarted: LookupStatement {
  package let namespace: String
  package let workflowID: String
  package let requestID: String?

  package init(namespace: String, workflowID: String, requestID: String?) {
    self.namespace = namespace
    self.workflowID = workflowID
    self.requestID = requestID
  }

  package struct Row: Sendable {
    package var runID: RunID
    package var workflowID: String
    package var workflowVersion: Int32
    package var isSameRequest: Bool
    package var isOpen: Bool
  }

  package static let name = "find_started"
  package static let sql = """
    SELECT r.run_id, r.workflow_id, r.workflow_version, coalesce(r.request_id = $3, false) AS is_same_request,
           r.status IS NULL AS is_open
      FROM kagzi.runs r
     WHERE r.namespace = $1 AND (r.workflow_id = $2 OR r.request_id = $3)
     ORDER BY is_same_request DESC, is_open DESC, r.run_id DESC
     LIMIT 1
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(workflowID)
    parameters.bind(requestID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      runID: try row.id(0), workflowID: try row.string(1), workflowVersion: try row.int32(2),
      isSameRequest: try row.bool(3), isOpen: try row.bool(4))
  }
}

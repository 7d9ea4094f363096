package import Engine
package import Postgres

/// Workers of a namespace that have a live session and registered one of these types.
package struct ListLiveWorkers: PostgresStatement {
  package let namespace: String
  package let kind: TaskKind
  package let types: [String]

  package init(namespace: String, kind: TaskKind, types: [String]) {
    self.namespace = namespace
    self.kind = kind
    self.types = types
  }

  package struct Row: Sendable {
    package var sessionID: SessionID
    package var worker: LiveWorker
  }

  package static let name = "list_live_workers"
  package static let sql = """
    SELECT w.session_id, w.worker_id, w.task_queues, w.types, w.versions
      FROM (SELECT session_id, worker_id, task_queues, registered_at,
                   CASE WHEN $2 THEN workflow_types ELSE activity_types END AS types,
                   CASE WHEN $2 THEN workflow_versions ELSE activity_versions END AS versions
              FROM kagzi.workers WHERE namespace = $1 AND status IN (1, 2)) AS w
      JOIN kagzi.sessions k ON k.session_id = w.session_id AND k.ended_at IS NULL AND k.expires_at >= clock_timestamp()
     WHERE w.types && $3::text[]
     ORDER BY w.registered_at DESC
     LIMIT 200
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(kind == .workflow)
    parameters.bindArray(types)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let types = zip(try row.array(3, of: String.self), try row.array(4, of: Int32.self)).map {
      LiveWorker.TypeVersion(type: $0, version: $1)
    }
    return Row(
      sessionID: try row.id(0),
      worker: LiveWorker(workerID: try row.string(1), taskQueues: try row.array(2, of: String.self), types: types))
  }
}

package import Postgres

/// How many there are of one version of a type.
package struct VersionCount: Sendable {
  package var type: String
  package var version: Int32
  package var count: Int64

  internal init(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {
    type = try row.string(0)
    version = try row.int32(1)
    count = try row.int64(2)
  }
}

/// Open runs by version of some workflow types: one look through the open runs of the namespace for all of them, so that no
/// run pays for an index entry.
package struct CountOpenRuns: PostgresStatement {
  package let namespace: String
  package let types: [String]

  package init(namespace: String, types: [String]) {
    self.namespace = namespace
    self.types = types
  }

  package static let name = "count_open_runs"
  package static let sql = """
    SELECT workflow_type, workflow_version, count(*) FROM kagzi.open_runs
     WHERE namespace = $1 AND workflow_type = ANY ($2::text[])
     GROUP BY 1, 2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bindArray(types)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> VersionCount {
    try VersionCount(row)
  }
}

/// Open steps by version of some activity types: ready, held, and those that wait for anything else. Each has its index.
package struct CountOpenActivities: PostgresStatement {
  package let namespace: String
  package let types: [String]

  package init(namespace: String, types: [String]) {
    self.namespace = namespace
    self.types = types
  }

  package static let name = "count_open_activities"
  package static let sql = """
    SELECT activity_type, activity_version, count(*) FROM (
      SELECT activity_type, activity_version FROM kagzi.steps
       WHERE ready_at IS NOT NULL AND namespace = $1 AND activity_type = ANY ($2::text[])
      UNION ALL
      SELECT activity_type, activity_version FROM kagzi.steps
       WHERE session_id IS NOT NULL AND namespace = $1 AND activity_type = ANY ($2::text[])
      UNION ALL
      SELECT activity_type, activity_version FROM kagzi.steps
       WHERE kind = 2 AND state IN (3, 4) AND namespace = $1 AND activity_type = ANY ($2::text[])) AS open
     GROUP BY 1, 2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bindArray(types)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> VersionCount {
    try VersionCount(row)
  }
}

/// Live workers by version that they registered, of some types of a kind.
package struct CountLiveWorkers: PostgresStatement {
  package let namespace: String
  package let kind: Int16
  package let types: [String]

  package init(namespace: String, kind: Int16, types: [String]) {
    self.namespace = namespace
    self.kind = kind
    self.types = types
  }

  package static let name = "count_live_workers"
  package static let sql = """
    SELECT v.type, v.version, count(*)
      FROM kagzi.sessions k
      JOIN kagzi.workers w ON w.namespace = k.namespace AND w.worker_id = k.worker_id AND w.session_id = k.session_id
     CROSS JOIN LATERAL unnest(
       CASE WHEN $2 = 1 THEN w.workflow_types ELSE w.activity_types END,
       CASE WHEN $2 = 1 THEN w.workflow_versions ELSE w.activity_versions END) AS v (type, version)
     WHERE k.ended_at IS NULL AND k.namespace = $1 AND k.expires_at > clock_timestamp() AND v.type = ANY ($3::text[])
     GROUP BY v.type, v.version
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(kind)
    parameters.bindArray(types)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> VersionCount {
    try VersionCount(row)
  }
}

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

/// Open runs by version of some workflow types.
package struct CountOpenRuns: PostgresStatement {
  package let namespace: String
  package let types: [String]

  package init(namespace: String, types: [String]) {
    self.namespace = namespace
    self.types = types
  }

  package static let name = "count_open_runs"
  package static let sql = """
    SELECT t.type, o.workflow_version, o.count
      FROM unnest($2::text[]) AS t (type)
     CROSS JOIN LATERAL (
       SELECT workflow_version, count(*) FROM kagzi.open_runs
        WHERE namespace = $1 AND workflow_type = t.type GROUP BY workflow_version) o
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bindArray(types)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> VersionCount {
    try VersionCount(row)
  }
}

/// Open steps by version of some activity types.
package struct CountOpenActivities: PostgresStatement {
  package let namespace: String
  package let types: [String]

  package init(namespace: String, types: [String]) {
    self.namespace = namespace
    self.types = types
  }

  package static let name = "count_open_activities"
  package static let sql = """
    SELECT t.type, s.activity_version, s.count
      FROM unnest($2::text[]) AS t (type)
     CROSS JOIN LATERAL (
       SELECT activity_version, count(*) FROM kagzi.steps
        WHERE namespace = $1 AND activity_type = t.type AND kind = 2 AND state < 5 GROUP BY activity_version) s
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

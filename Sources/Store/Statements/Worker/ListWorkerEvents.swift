package import Postgres

/// Something that happened to a worker.
package struct WorkerEventRow: Sendable {
  package var workerID: String
  package var at: PostgresTimestamp
  /// The contract's name.
  package var kind: String
  package var message: String
  /// Tells apart, and orders, what happened in one microsecond.
  package var key: String
}

/// A page of a namespace's worker events, newest first: what is kept as rows, and each live worker's last heartbeat.
package struct ListWorkerEvents: PostgresStatement {
  package let namespace: String
  package let before: (at: PostgresTimestamp, key: String)
  package let limit: Int

  package init(namespace: String, before: (at: PostgresTimestamp, key: String), limit: Int) {
    self.namespace = namespace
    self.before = before
    self.limit = limit
  }

  package static let name = "list_worker_events"
  package static let sql = """
    SELECT worker_id, at, kind, message, key FROM (
      SELECT e.worker_id, e.at, \(WorkerEventSources.kindName("e.kind")) AS kind, e.message, \(WorkerEventSources.eventKey) AS key
        FROM (SELECT * FROM kagzi.worker_events WHERE namespace = $1 AND at <= $2 ORDER BY event_id DESC LIMIT $4 * 2) e
      UNION ALL
      SELECT w.worker_id, k.beat_at, 'HEARTBEAT', '', 'b' || w.worker_id
        FROM kagzi.workers w JOIN kagzi.sessions k ON k.session_id = w.session_id
       WHERE w.namespace = $1 AND w.status < 3
    ) AS events
     WHERE (at, key) < ($2, $3)
     ORDER BY at DESC, key DESC
     LIMIT $4
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(before.at)
    parameters.bind(before.key)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> WorkerEventRow {
    try WorkerEventSources.decode(row)
  }
}

/// A page of one worker's events, newest first, those of its tasks included: activities and local steps of the newest
/// runs, and those it holds now. Tasks are not written down as events: their times are in the steps.
package struct ListEventsOfWorker: PostgresStatement {
  package let namespace: String
  package let workerID: String
  package let before: (at: PostgresTimestamp, key: String)
  package let limit: Int
  /// How many of the newest runs, and how many of their steps, are looked through.
  package let runs: Int
  package let steps: Int

  package init(
    namespace: String, workerID: String, before: (at: PostgresTimestamp, key: String), limit: Int, runs: Int = 1_000,
    steps: Int = 20_000
  ) {
    self.namespace = namespace
    self.workerID = workerID
    self.before = before
    self.limit = limit
    self.runs = runs
    self.steps = steps
  }

  package static let name = "list_events_of_worker"
  package static let sql = """
    WITH RECURSIVE own AS MATERIALIZED (
      SELECT coalesce(array_agg(session_id), '{}') AS sessions FROM kagzi.sessions WHERE namespace = $1 AND worker_id = $2
    ),
    \(RunKinds.kinds),
    recent_run AS MATERIALIZED (
      \(RunKinds.runs("true", order: "DESC", limit: "$6"))
    ),
    recent_step AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.attempt, s.state, s.started_at, s.settled_at, s.settled_by
        FROM recent_run r CROSS JOIN LATERAL (
          SELECT * FROM kagzi.steps WHERE run_id = r.run_id AND kind IN (1, 2) AND settled_by IS NOT NULL) s
       LIMIT $7
    ),
    ended AS MATERIALIZED (
      SELECT s.* FROM recent_step s, own WHERE s.settled_by = ANY (own.sessions)
    ),
    attempted AS MATERIALIZED (
      SELECT a.run_id, a.step_key, a.attempt, a.started_at, a.ended_at
        FROM recent_run r CROSS JOIN LATERAL (SELECT * FROM kagzi.step_attempts WHERE run_id = r.run_id) a
       WHERE a.worker_id = $2
       LIMIT $7
    )
    SELECT worker_id, at, kind, message, key FROM (
      SELECT e.worker_id, e.at, \(WorkerEventSources.kindName("e.kind")) AS kind, e.message, \(WorkerEventSources.eventKey) AS key
        FROM kagzi.worker_events e WHERE e.namespace = $1 AND e.worker_id = $2
      UNION ALL
      SELECT $2, k.beat_at, 'HEARTBEAT', '', 'b' || $2
        FROM kagzi.workers w JOIN kagzi.sessions k ON k.session_id = w.session_id
       WHERE w.namespace = $1 AND w.worker_id = $2
      UNION ALL
      SELECT $2, s.started_at, 'TASK_STARTED', \(WorkerEventSources.stepText("s")), 's' || s.run_id || s.step_key || '#' || s.attempt
        FROM own, kagzi.steps s WHERE s.session_id = ANY (own.sessions) AND s.started_at IS NOT NULL
      UNION ALL
      SELECT $2, s.started_at, 'TASK_STARTED', \(WorkerEventSources.stepText("s")), 's' || s.run_id || s.step_key || '#' || s.attempt
        FROM ended s WHERE s.started_at IS NOT NULL
      UNION ALL
      SELECT $2, s.settled_at, CASE s.state WHEN 5 THEN 'TASK_COMPLETED' ELSE 'TASK_FAILED' END,
             \(WorkerEventSources.stepText("s")) || CASE s.state WHEN 7 THEN ', cancelled' ELSE '' END,
             't' || s.run_id || s.step_key || '#' || s.attempt
        FROM ended s
      UNION ALL
      SELECT $2, a.started_at, 'TASK_STARTED', \(WorkerEventSources.stepText("a")), 's' || a.run_id || a.step_key || '#' || a.attempt
        FROM attempted a WHERE a.started_at IS NOT NULL
      UNION ALL
      SELECT $2, a.ended_at, 'TASK_FAILED', \(WorkerEventSources.stepText("a")), 't' || a.run_id || a.step_key || '#' || a.attempt
        FROM attempted a
    ) AS events
     WHERE (at, key) < ($3, $4)
     ORDER BY at DESC, key DESC
     LIMIT $5
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(workerID)
    parameters.bind(before.at)
    parameters.bind(before.key)
    parameters.bind(limit)
    parameters.bind(runs)
    parameters.bind(steps)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> WorkerEventRow {
    try WorkerEventSources.decode(row)
  }
}

/// The parts that both listings share.
private enum WorkerEventSources {
  static func kindName(_ column: String) -> String {
    let cases = WorkerEventKind.allCases.map { "WHEN \($0.rawValue) THEN '\($0.name)'" }.joined(separator: " ")
    return "CASE \(column) \(cases) END"
  }

  /// Rows of one transaction have one time: their numbers order them.
  static let eventKey = "'e' || lpad(e.event_id::text, 20, '0')"

  static func stepText(_ table: String) -> String {
    "'step ' || \(table).step_key || ' of run ' || \(table).run_id || ', attempt ' || \(table).attempt"
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> WorkerEventRow {
    WorkerEventRow(
      workerID: try row.string(0), at: try row.timestamp(1), kind: try row.string(2), message: try row.string(3),
      key: try row.string(4))
  }
}

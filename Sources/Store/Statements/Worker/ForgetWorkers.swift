package import Postgres

/// How long the past of workers is kept.
package struct WorkerRetention: Sendable {
  /// Stopped and crashed workers are listed for this long. Default 7 days.
  package var endedWorkers: Duration = .seconds(7 * 86_400)
  /// Events. Default 30 days.
  package var events: Duration = .seconds(30 * 86_400)
  /// The newest so many events, of all namespaces. Default 100,000.
  package var eventCount = 100_000
  /// Sessions that ended: with one goes the name of the worker of the steps it settled. Default 90 days.
  package var endedSessions: Duration = .seconds(90 * 86_400)
  /// The most rows of each kind removed at a time. Default 10,000.
  package var batch = 10_000

  package init() {}
}

/// Removes the past of workers that is not kept any more, a bounded part of it. The rows say how many went.
package struct ForgetWorkers: PostgresStatement {
  package let retention: WorkerRetention

  package init(retention: WorkerRetention) { self.retention = retention }

  package struct Row: Sendable, Hashable {
    package var workers: Int
    package var events: Int
    package var sessions: Int
  }

  package static let name = "forget_workers"
  /// The oldest rows are found by keys that grow with time, so no index on the times themselves is needed.
  package static let sql = """
    WITH worker AS (
      DELETE FROM kagzi.workers w
       WHERE w.status > 2 AND w.ended_at < statement_timestamp() - $1 * interval '1 ms'
      RETURNING 1
    ),
    oldest_event AS MATERIALIZED (
      SELECT event_id, at FROM kagzi.worker_events ORDER BY event_id LIMIT $5
    ),
    event AS (
      DELETE FROM kagzi.worker_events e USING oldest_event o
       WHERE e.event_id = o.event_id
         AND (o.at < statement_timestamp() - $2 * interval '1 ms'
              OR o.event_id <= (SELECT max(event_id) FROM kagzi.worker_events) - $3)
      RETURNING 1
    ),
    oldest_session AS MATERIALIZED (
      SELECT session_id, ended_at FROM kagzi.sessions ORDER BY session_id LIMIT $5
    ),
    session AS (
      DELETE FROM kagzi.sessions k USING oldest_session o
       WHERE k.session_id = o.session_id AND o.ended_at < statement_timestamp() - $4 * interval '1 ms'
         AND NOT EXISTS (SELECT FROM kagzi.workers w WHERE w.namespace = k.namespace AND w.worker_id = k.worker_id
                            AND w.session_id = k.session_id)
         AND NOT EXISTS (SELECT FROM kagzi.steps s WHERE s.session_id = k.session_id)
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM worker), (SELECT count(*) FROM event), (SELECT count(*) FROM session)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(retention.endedWorkers.wholeMilliseconds)
    parameters.bind(retention.events.wholeMilliseconds)
    parameters.bind(retention.eventCount)
    parameters.bind(retention.endedSessions.wholeMilliseconds)
    parameters.bind(retention.batch)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(workers: try row.int(0), events: try row.int(1), sessions: try row.int(2))
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}

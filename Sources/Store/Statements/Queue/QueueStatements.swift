package import Engine
package import Postgres

/// Tasks of one key that wait.
package struct ReadyRow: Sendable {
  package var key: TaskKey
  package var count: Int
  package var oldestReadyAt: PostgresTimestamp
  /// How long the oldest has waited, by the database's clock.
  package var oldestAgeMilliseconds: Int64
}

/// Ready tasks by namespace, queue, kind, type and version, from the indexes that hold nothing else.
package struct CountReady: PostgresStatement {
  /// Nil: every namespace.
  package let namespace: String?
  /// Nil: every queue.
  package let taskQueue: String?

  package init(namespace: String?, taskQueue: String?) {
    self.namespace = namespace
    self.taskQueue = taskQueue
  }

  package static let name = "count_ready"
  package static let sql = """
    WITH ready AS (
      SELECT 1::smallint AS kind, o.namespace, o.task_queue, o.workflow_type AS type, o.workflow_version AS version, count(*) AS count,
             min(o.ready_at) AS oldest
        FROM kagzi.open_runs o
       WHERE o.ready_at IS NOT NULL AND ($1::text IS NULL OR o.namespace = $1) AND ($2::text IS NULL OR o.task_queue = $2)
       GROUP BY 2, 3, 4, 5
      UNION ALL
      SELECT 2, s.namespace, s.task_queue, s.activity_type, s.activity_version, count(*), min(s.ready_at)
        FROM kagzi.steps s
       WHERE s.ready_at IS NOT NULL AND ($1::text IS NULL OR s.namespace = $1) AND ($2::text IS NULL OR s.task_queue = $2)
       GROUP BY 2, 3, 4, 5
    )
    SELECT kind, namespace, task_queue, type, version, count, oldest,
           greatest(0, (extract(epoch FROM statement_timestamp() - oldest) * 1000)::bigint)
      FROM ready
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(taskQueue)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ReadyRow {
    ReadyRow(
      key: try TaskKeyColumns.decode(row), count: try row.int(5), oldestReadyAt: try row.timestamp(6),
      oldestAgeMilliseconds: try row.int64(7))
  }
}

/// Tasks that sessions hold by namespace, queue, kind, type and version. See `CountHeld` for how held runs are found.
package struct CountLeased: PostgresStatement {
  package let namespace: String
  /// Nil: every queue.
  package let taskQueue: String?

  package init(namespace: String, taskQueue: String?) {
    self.namespace = namespace
    self.taskQueue = taskQueue
  }

  package static let name = "count_leased"
  package static let sql = """
    SELECT 1::smallint, o.namespace, o.task_queue, o.workflow_type, o.workflow_version, count(*)
      FROM kagzi.open_runs o
     WHERE o.leased AND o.namespace = $1 AND ($2::text IS NULL OR o.task_queue = $2)
     GROUP BY 2, 3, 4, 5
    UNION ALL
    SELECT 2, s.namespace, s.task_queue, s.activity_type, s.activity_version, count(*)
      FROM kagzi.steps s
     WHERE s.session_id IS NOT NULL AND s.namespace = $1 AND ($2::text IS NULL OR s.task_queue = $2)
     GROUP BY 2, 3, 4, 5
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(taskQueue)
  }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (key: TaskKey, count: Int) {
    (try TaskKeyColumns.decode(row), try row.int(5))
  }
}

/// Kind, namespace, queue, type and version as the first five columns.
internal enum TaskKeyColumns {
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> TaskKey {
    TaskKey(
      kind: try row.int32(0) == 1 ? .workflow : .activity, namespace: try row.string(1), queue: try row.string(2),
      type: try row.string(3), version: try row.int32(4))
  }
}

/// Where the database is and how long to wait for it.
package struct PostgresConfiguration: Sendable {
  /// A libpq connection string: `postgres://user@host/database?…` or `host=… dbname=…`. Several hosts and
  /// `target_session_attrs=read-write` work. It may hold a password: never logged.
  package var connectionString: String
  /// Shown in `pg_stat_activity`. Default `kagzi`.
  package var applicationName: String
  /// How long one attempt to connect may take, a host. Default 10 s; `connect_timeout` in the string wins.
  package var connectTimeout: Duration
  /// The deadline of an execution that names none. Default 30 s.
  package var statementTimeout: Duration
  /// Settings of every session, by their names in `postgresql.conf`. Default: none.
  package var sessionSettings: [String: String] = [:]
  /// Counts what its connections, and those of copies of it, ask of the server. Default: a count of its own.
  package var traffic = PostgresTraffic()

  package init(
    connectionString: String, applicationName: String = "kagzi", connectTimeout: Duration = .seconds(10),
    statementTimeout: Duration = .seconds(30)
  ) {
    self.connectionString = connectionString
    self.applicationName = applicationName
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
  }

  /// For connections that carry batches: every join is a few index look-ups, and a plan made once stays right whatever
  /// the tables hold. Without it a plan made on empty tables scans full ones.
  ///
  /// A nested loop over two common table expressions has no index and compares every pair, so statements join those by
  /// FULL JOIN, which only a hash or a merge can do; `num_nulls(…) = 0` keeps the pairs without letting the planner turn
  /// it into an inner join.
  ///
  /// A table that was empty when it was last vacuumed or analyzed, as that of open runs is after a quiet hour, looks to the
  /// planner as if reading all of its index were cheaper than a few look-ups; and the plan stays when the table has filled. So statements
  /// look rows up by `t.run_id = ANY (ARRAY[i.run_id])`: an index can answer that, but its order is of no use to such a join, and
  /// without a use for its order no index is read whole. For the same reason rows are sorted by the keys of the input and not by those
  /// of the table, and there are no index-only scans.
  package func forBatches() -> PostgresConfiguration {
    var configuration = forReads()
    configuration.sessionSettings["plan_cache_mode"] = "force_generic_plan"
    configuration.sessionSettings["enable_indexonlyscan"] = "off"
    return configuration
  }

  /// For connections that read for the API: by index look-ups too, but planned for the values of each call where it matters.
  package func forReads() -> PostgresConfiguration {
    var configuration = self
    configuration.sessionSettings = ["enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off"]
    return configuration
  }

  /// The same, counted apart from now on.
  package func countedApart() -> PostgresConfiguration {
    var configuration = self
    configuration.traffic = PostgresTraffic()
    return configuration
  }

  /// libpq's keywords in order; what stands in the connection string overrides those before it.
  internal var keywords: [(String, String)] {
    [
      ("application_name", applicationName),
      ("connect_timeout", "\(max(2, connectTimeout.components.seconds))"),
      ("keepalives", "1"), ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
      ("tcp_user_timeout", "30000"),
      ("dbname", connectionString),
      ("client_encoding", "UTF8"),
    ]
  }
}

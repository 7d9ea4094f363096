/// A private cluster: where it lives and how it is set.
package struct PostgresClusterConfiguration: Sendable {
  /// The folder that holds data, log, socket and lock; made when absent, used again when there.
  package var folder: String
  /// The database made at the first start. Default `kagzi`.
  package var database: String
  /// A port to listen at on 127.0.0.1 beside the unix socket, with a password. Default: none.
  package var loopbackPort: Int?
  /// Settings of the server, `postgresql.conf` names. Default: `development`.
  package var settings: [String: String]
  /// Whether a new cluster is flushed to disk before its first start. Default true; tests say false.
  package var isInitializationSynced: Bool
  /// The folder of the server's programs. Default: found.
  package var binaries: String?

  package init(
    folder: String, database: String = "kagzi", loopbackPort: Int? = nil,
    settings: [String: String] = PostgresClusterConfiguration.development, isInitializationSynced: Bool = true,
    binaries: String? = nil
  ) {
    self.folder = folder
    self.database = database
    self.loopbackPort = loopbackPort
    self.settings = settings
    self.isInitializationSynced = isInitializationSynced
    self.binaries = binaries
  }

  /// For `kagzi dev`: small, durable (`fsync` and `synchronous_commit` stay on), quiet.
  package static let development: [String: String] = [
    "shared_buffers": "128MB",
    "max_connections": "50",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
  ]
}

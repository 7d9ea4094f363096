public import FoundationEssentials
internal import Messages

/// The coordinator that answered, and what it allows.
public struct ServerInfo: Sendable, Hashable {
  /// Its version.
  public var version: String
  /// Its id; new at every start.
  public var coordinatorID: String
  /// When it was started.
  public var startedAt: Date?
  /// The version of the database's schema, which the coordinator keeps up to date.
  public var schemaVersion: Int
  /// The largest payload, in bytes.
  public var maxPayloadBytes: Int
  /// The largest message, in bytes.
  public var maxMessageBytes: Int

  init(_ response: GetServerInfoResponse) {
    version = response.version
    coordinatorID = response.coordinatorID
    startedAt = response.startedAt.map { Date($0) }
    schemaVersion = Int(response.schemaVersion)
    maxPayloadBytes = Int(clamping: response.maxPayloadBytes)
    maxMessageBytes = Int(clamping: response.maxMessageBytes)
  }
}

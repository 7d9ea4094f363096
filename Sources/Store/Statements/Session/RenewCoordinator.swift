package import Engine
package import Postgres

/// Says that a coordinator lives, forgets those long dead, and lists the others that live.
package struct RenewCoordinator: PostgresStatement {
  package let coordinatorID: UUID
  package let address: String

  package init(coordinatorID: UUID, address: String) {
    self.coordinatorID = coordinatorID
    self.address = address
  }

  package static let name = "renew_coordinator"
  package static let sql = """
    WITH renewed AS (
      INSERT INTO kagzi.coordinators (coordinator_id, started_at, beat_at, address)
      SELECT $1, statement_timestamp(), statement_timestamp(), $2
      ON CONFLICT (coordinator_id) DO UPDATE SET beat_at = excluded.beat_at, address = excluded.address
    ),
    forgotten AS (
      DELETE FROM kagzi.coordinators c WHERE c.beat_at < statement_timestamp() - interval '1 day'
    )
    SELECT c.coordinator_id FROM kagzi.coordinators c
     WHERE c.coordinator_id <> $1 AND c.beat_at > statement_timestamp() - interval '30 s'
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(coordinatorID)
    parameters.bind(address)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> UUID { try row.id(0) }
}

/// A coordinator has stopped in good order.
package struct ForgetCoordinator: PostgresStatement {
  package let coordinatorID: UUID

  package init(coordinatorID: UUID) { self.coordinatorID = coordinatorID }

  package static let name = "forget_coordinator"
  package static let sql = "DELETE FROM kagzi.coordinators WHERE coordinator_id = $1"

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(coordinatorID) }
  package typealias Row = Void
}

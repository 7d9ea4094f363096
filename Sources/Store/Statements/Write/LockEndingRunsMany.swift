package import Engine
package import Postgres

/// Locks runs that are about to be closed without their workers, after their groups and the steps that come before a run, in key
/// order.
///
/// A report that another coordinator is recording at this moment may add steps, children and groups to such a run. The
/// closing statement cancels what its snapshot shows, so it begins only once nobody else has the run's row. A report
/// that closes its run needs no such lock: what adds to a run is a report under the same lease, and a worker makes them one
/// after the other.
package struct LockEndingRunsMany: PostgresStatement {
  package typealias Row = Void

  package let runIDs: [RunID]

  package static let name = "lock_ending_runs_many"
  package static let sql = """
    WITH input AS (SELECT * FROM unnest($1::uuid[]) AS i (run_id)),
    \(CancelOpenGroups.lock),
    \(CancelOpenSteps.lock(after: CancelOpenGroups.areLocked))
    SELECT r.run_id FROM input i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
     WHERE \(CancelOpenSteps.areLocked)
     ORDER BY i.run_id FOR UPDATE OF r
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {}
}

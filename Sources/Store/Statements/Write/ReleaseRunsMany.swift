package import Engine
package import Postgres

/// Takes workflow tasks away from sessions that lost them. A row comes back for each that was held.
package struct ReleaseRunsMany: PostgresStatement {
  package let releases: [ReleaseRun]

  package static let name = "release_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::boolean[], $4::integer[], $5::text[])
          AS i (run_id, epoch, is_loss, loss_limit, reason)
       ORDER BY run_id
    )
    UPDATE kagzi.open_runs r SET
      leased = false, sticky = false,
      losses = r.losses + CASE WHEN i.is_loss THEN 1 ELSE 0 END,
      status = CASE WHEN r.status = 5 OR (i.is_loss AND r.losses + 1 >= i.loss_limit) THEN 5 ELSE 2 END,
      status_reason = CASE WHEN i.is_loss AND r.losses + 1 >= i.loss_limit
        THEN 'parked: its workflow task was lost to dead workers ' || r.losses + 1 || ' times in a row; last: ' || i.reason
        ELSE r.status_reason END,
      news = r.status = 5 OR (i.is_loss AND r.losses + 1 >= i.loss_limit),
      seq = r.seq + CASE WHEN r.status <> 5 AND i.is_loss AND r.losses + 1 >= i.loss_limit THEN 1 ELSE 0 END,
      ready_at = CASE WHEN r.status = 5 OR (i.is_loss AND r.losses + 1 >= i.loss_limit) THEN NULL ELSE statement_timestamp() END
    FROM input i
    WHERE r.run_id = ANY (ARRAY[i.run_id]) AND r.leased AND r.lease_epoch = i.epoch
    RETURNING r.run_id, r.ready_at IS NOT NULL
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(releases) { $0.runID }
    parameters.bindArray(releases) { $0.epoch }
    parameters.bindArray(releases) { $0.isLoss }
    parameters.bindArray(releases) { $0.lossLimit }
    parameters.bindArray(releases) { $0.reason }
  }

  /// The run, and whether it is claimable now.
  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, isReady: Bool) {
    (try row.id(0), try row.bool(1))
  }
}

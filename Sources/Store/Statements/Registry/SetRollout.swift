package import Engine
package import Postgres

/// Replaces the shares of a type's versions, if all that are named are registered and not deprecated. A row comes back
/// for each that stands in the way, and then nothing is changed.
package struct SetRollout: PostgresStatement {
  package let type: TypeName
  package let weights: [RolloutWeight]

  package init(type: TypeName, weights: [RolloutWeight]) {
    self.type = type
    self.weights = weights
  }

  package static let name = "set_rollout"
  package static let sql = """
    WITH \(TypeName.locked),
    wanted AS (SELECT * FROM unnest($4::integer[], $5::double precision[]) AS w (version, percent)),
    version AS MATERIALIZED (
      SELECT v.namespace, v.kind, v.type, v.version, v.deprecated
        FROM type t JOIN kagzi.registered_versions v
          ON v.namespace = t.namespace AND v.kind = t.kind AND v.type = t.type
       ORDER BY v.version FOR UPDATE OF v
    ),
    flaw AS MATERIALIZED (
      SELECT w.version, v.deprecated FROM wanted w LEFT JOIN version v ON v.version = w.version
       WHERE v.version IS NULL OR v.deprecated
    ),
    changed AS (
      UPDATE kagzi.registered_versions r SET
        percent = coalesce((SELECT w.percent FROM wanted w WHERE w.version = v.version), 0)
      FROM version v
      WHERE r.namespace = v.namespace AND r.kind = v.kind AND r.type = v.type AND r.version = v.version
        AND NOT EXISTS (SELECT FROM flaw)
    )
    SELECT version, coalesce(deprecated, false) FROM flaw
    UNION ALL
    SELECT 0, false WHERE NOT EXISTS (SELECT FROM type)
    ORDER BY 1
    """

  package func bind(_ parameters: inout PostgresParameters) {
    type.bind(&parameters)
    parameters.bindArray(weights) { $0.version }
    parameters.bindArray(weights) { $0.percent }
  }

  /// What stands in the way; version 0: there is no such type.
  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (version: Int32, isDeprecated: Bool) {
    (try row.int32(0), try row.bool(1))
  }
}

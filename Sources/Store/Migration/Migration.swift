/// One numbered forward step of the schema, as it stands in `Migrations/<version>_<name>.sql`.
///
/// It runs in a transaction of its own, so it cannot hold a command that refuses one. Once released it never changes.
package struct Migration: Sendable, Hashable {
  /// 1, 2, 3, … without a gap.
  package let version: Int
  package let name: String
  package let sql: String

  package init(version: Int, name: String, sql: String) {
    self.version = version
    self.name = name
    self.sql = sql
  }
}

/// One statement: static SQL, its bindings, its row. Named entity + verb (+ Many).
@usableFromInline package protocol PostgresStatement {
  /// What one row becomes; `Void` for a statement that returns none.
  associatedtype Row: Sendable

  /// The prepared statement's name, the same for the same SQL and unlike any other statement's. Empty = not prepared.
  static var name: String { get }
  static var sql: String { get }
  /// The name and text of this very instance, for a statement that leaves parts out when nothing is bound for them: setting up
  /// a part of a plan costs as much as running it for one row. `name` and `sql` unless given.
  var text: PostgresStatementText { get }
  /// Binds $1, $2, … in order, the same types each time.
  func bind(_ parameters: inout PostgresParameters)
  /// Reads one row; called only while the row is there.
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row
}

extension PostgresStatement {
  @usableFromInline package var text: PostgresStatementText { PostgresStatementText(name: Self.name, sql: Self.sql) }
  @usableFromInline package func bind(_ parameters: inout PostgresParameters) {}
}

/// A prepared statement's name and its SQL.
@usableFromInline package struct PostgresStatementText: Sendable {
  @usableFromInline package let name: String
  @usableFromInline package let sql: String

  @usableFromInline package init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }
}

extension PostgresStatement where Row == Void {
  @usableFromInline package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {}
}

/// What a statement gave: its rows, and how many rows it inserted, changed, deleted or returned.
@usableFromInline package struct PostgresOutcome<Row: Sendable>: Sendable {
  @usableFromInline package let rows: [Row]
  @usableFromInline package let affectedRows: Int

  @usableFromInline package init(rows: [Row], affectedRows: Int) {
    self.rows = rows
    self.affectedRows = affectedRows
  }
}

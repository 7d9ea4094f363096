import Postgres
import Store
import Synchronization

/// An operation of the tests: writes a number under a key, once.
struct Write: Sendable {
  let number: Int32
  var key: UInt64 = 0
  var isExclusive = false
  /// What goes wrong with it by itself.
  var note = "fine"
}

struct InsertWrites: PostgresStatement {
  let writes: [Write]
  static var name: String { "insert_writes" }
  static var sql: String {
    """
    INSERT INTO writes (number, key, note)
    SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[])
        ON CONFLICT (number) DO NOTHING
    RETURNING number
    """
  }
  func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(writes) { $0.number }
    parameters.bindArray(writes) { Int64($0.key) }
    parameters.bindArray(writes) { $0.note }
  }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int32 { try row.int32(0) }
}

struct FindWrites: PostgresStatement {
  let numbers: [Int32]
  static var name: String { "find_writes" }
  static var sql: String { "SELECT number FROM writes WHERE number = ANY($1)" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(numbers) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int32 { try row.int32(0) }
}

struct ListWrites: PostgresStatement {
  static var name: String { "list_writes" }
  static var sql: String { "SELECT number, key FROM writes ORDER BY place" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> (number: Int32, key: Int64) {
    (try row.int32(0), try row.int64(1))
  }
}

/// How an operation ended: in this batch, or found to have been written before.
enum Written: Sendable, Equatable { case now, before }

/// Writes numbers; `beforeExecute` and `afterCommit` let a test stand in the way of a batch.
struct NumberExecutor: BatchExecutor {
  static let table = """
    CREATE TABLE writes (
      place bigint GENERATED ALWAYS AS IDENTITY,
      number int PRIMARY KEY,
      key bigint NOT NULL,
      note text NOT NULL CONSTRAINT notes_are_fine CHECK (note <> 'poison')
    )
    """

  var beforeExecute: @Sendable ([Write], PostgresConnection) throws -> Void = { _, _ in }
  var afterCommit: @Sendable ([Write], PostgresConnection) throws -> Void = { _, _ in }
  var settled: @Sendable (Int) -> Void = { _ in }

  func execute(_ operations: [Write], on connection: PostgresConnection) throws -> [Written] {
    try beforeExecute(operations, connection)
    let pipeline = PostgresPipeline()
    let reply = pipeline.add(InsertWrites(writes: operations))
    try connection.execute(pipeline)
    try afterCommit(operations, connection)
    let inserted = Set(reply.rows)
    return operations.map { inserted.contains($0.number) ? .now : .before }
  }

  func settle(_ operations: [Write], on connection: PostgresConnection) throws -> [Written?] {
    let found = Set(try connection.execute(FindWrites(numbers: operations.map(\.number))).rows)
    settled(found.count)
    return operations.map { found.contains($0.number) ? .before : nil }
  }

  func key(_ operation: Write) -> UInt64 { operation.key }
  func exclusive(_ operation: Write) -> Bool { operation.isExclusive }
}

import Postgres
import PostgresCluster
import TestSupport
import Testing

enum Colour: String, PostgresBindable, PostgresDecodable { case red, green }

/// One of each type, sent and read back.
struct EveryType: Sendable, Equatable {
  var bool: Bool?
  var int16: Int16?
  var int32: Int32?
  var int64: Int64?
  var double: Double?
  var text: String?
  var bytes: [UInt8]?
  var uuid: Identifier?
  var time: PostgresTimestamp?
  var colour: Colour?

  static func random(_ generator: inout SeededGenerator) -> EveryType {
    func maybe<Value>(_ value: (inout SeededGenerator) -> Value) -> Value? {
      let value = value(&generator)
      return Int.random(in: 0..<5, using: &generator) == 0 ? nil : value
    }
    return EveryType(
      bool: maybe { Bool.random(using: &$0) }, int16: maybe { .random(in: .min ... .max, using: &$0) },
      int32: maybe { .random(in: .min ... .max, using: &$0) }, int64: maybe { .random(in: .min ... .max, using: &$0) },
      double: maybe { .random(in: -1e300...1e300, using: &$0) },
      text: maybe { generator in
        let alphabet = ["a", "ü", "漢", "👩‍👩‍👧", "'", "\\", "\n", "{", "\"", ","]
        return (0..<Int.random(in: 0..<12, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }
          .joined()
      },
      bytes: maybe { generator in
        (0..<Int.random(in: 0..<40, using: &generator)).map { _ in UInt8.random(in: 0...4, using: &generator) }
      },
      uuid: maybe { Identifier(high: $0.next(), low: $0.next()) },
      time: maybe {
        PostgresTimestamp(microseconds: .random(in: -60_000_000_000_000...9_000_000_000_000_000, using: &$0))
      },
      colour: maybe { Bool.random(using: &$0) ? .red : .green })
  }
}

/// How a caller's own 16-byte identifier becomes a `uuid`.
struct Identifier: Sendable, Equatable, PostgresBindable, PostgresDecodable {
  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  static var postgresType: PostgresType { .uuid }
  func encode(into buffer: inout PostgresBuffer) { buffer.append(uuidHigh: high, low: low) }
  init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 16 else { return nil }
    high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }
}

struct EchoScalars: PostgresStatement {
  let value: EveryType
  static var name: String { "echo_scalars" }
  static var sql: String { "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10" }

  func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(value.bool)
    parameters.bind(value.int16)
    parameters.bind(value.int32)
    parameters.bind(value.int64)
    parameters.bind(value.double)
    parameters.bind(value.text)
    parameters.bind(value.bytes)
    parameters.bind(value.uuid)
    parameters.bind(value.time)
    parameters.bind(value.colour)
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> EveryType {
    EveryType(
      bool: try row.optionalBool(0), int16: try row.optionalInt16(1), int32: try row.optionalInt32(2),
      int64: try row.optionalInt64(3), double: try row.optionalDouble(4), text: try row.optionalString(5),
      bytes: try row.optionalBytes(6),
      uuid: try row.optionalUUID(7).map { Identifier(high: $0.high, low: $0.low) },
      time: try row.optionalTimestamp(8), colour: try row.decodeOptional(9))
  }
}

/// Unnests arrays of all types into rows, and aggregates them into arrays again.
struct EchoArrays: PostgresStatement {
  let values: [EveryType]
  static var name: String { "echo_arrays" }
  static var sql: String {
    """
    WITH given AS (
      SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY AS t (a, b, c, d, e, f, g, h, i, j, place)
    )
    SELECT array_agg(a ORDER BY place), array_agg(b ORDER BY place), array_agg(c ORDER BY place), array_agg(d ORDER BY place),
           array_agg(e ORDER BY place), array_agg(f ORDER BY place), array_agg(g ORDER BY place), array_agg(h ORDER BY place),
           array_agg(i ORDER BY place), array_agg(j ORDER BY place)
      FROM given
    """
  }

  func bind(_ parameters: inout PostgresParameters) {
    parameters.bindOptionalArray(values) { $0.bool }
    parameters.bindOptionalArray(values, \.int16)
    parameters.bindOptionalArray(values) { $0.int32 }
    parameters.bindOptionalArray(values) { $0.int64 }
    parameters.bindOptionalArray(values) { $0.double }
    parameters.bindOptionalArray(values) { $0.text }
    parameters.bindOptionalArray(values) { $0.bytes }
    parameters.bindOptionalArray(values) { $0.uuid }
    parameters.bindOptionalArray(values) { $0.time }
    parameters.bindOptionalArray(values) { $0.colour }
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> [EveryType] {
    let bools = try row.arrayOfOptionals(0, of: Bool.self)
    let int16s = try row.arrayOfOptionals(1, of: Int16.self)
    let int32s = try row.arrayOfOptionals(2, of: Int32.self)
    let int64s = try row.arrayOfOptionals(3, of: Int64.self)
    let doubles = try row.arrayOfOptionals(4, of: Double.self)
    let texts = try row.arrayOfOptionals(5, of: String.self)
    let bytes = try row.arrayOfOptionals(6, of: [UInt8].self)
    let uuids = try row.arrayOfOptionals(7, of: Identifier.self)
    let times = try row.arrayOfOptionals(8, of: PostgresTimestamp.self)
    let colours = try row.arrayOfOptionals(9, of: Colour.self)
    return bools.indices.map { index in
      EveryType(
        bool: bools[index], int16: int16s[index], int32: int32s[index], int64: int64s[index], double: doubles[index],
        text: texts[index], bytes: bytes[index], uuid: uuids[index], time: times[index], colour: colours[index])
    }
  }
}

/// An array of numbers beside one of texts that may be absent.
struct EchoSparseArrays: PostgresStatement {
  let texts: [String?]
  static var name: String { "echo_sparse_arrays" }
  static var sql: String {
    "SELECT t.number, t.text, $2 IS NULL FROM unnest($1::int[], $2::text[]) AS t (number, text)"
  }
  func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(texts.indices) { Int32($0) }
    parameters.bindOptionalArray(texts)
  }
  static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (number: Int32, text: String?, isNull: Bool) {
    (try row.int32(0), try row.optionalString(1), try row.bool(2))
  }
}

/// Arrays without NULLs, some of them empty.
struct EchoPlainArrays: PostgresStatement {
  let texts: [String]
  let bytes: [[UInt8]]
  static var name: String { "echo_plain_arrays" }
  static var sql: String { "SELECT $1, $2, cardinality($1), cardinality($2)" }
  func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(texts)
    parameters.bindArray(bytes)
  }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> EchoPlainArrays {
    EchoPlainArrays(texts: try row.array(0), bytes: try row.array(1))
  }
}

struct EchoTimes: PostgresStatement {
  let time: PostgresTimestamp
  static var name: String { "echo_times" }
  static var sql: String { "SELECT $1::timestamptz, $1::timestamptz::text, '{\"a\": 1}'::jsonb" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(time) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> (PostgresTimestamp, String, String)
  {
    (try row.timestamp(0), try row.string(1), try row.decode(2, as: PostgresJSONB.self).text)
  }
}

struct ReadWrongly: PostgresStatement {
  static var name: String { "read_wrongly" }
  static var sql: String { "SELECT 'text'::text, NULL::bigint" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64 { try row.int64(0) }
}

struct ReadNull: PostgresStatement {
  static var name: String { "read_null" }
  static var sql: String { "SELECT NULL::bigint" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64 { try row.int64(0) }
}

@Suite("Values", .timeLimit(.minutes(2)))
struct RoundTripTests {
  @Test(
    "come back from Postgres as they were sent, one by one and in arrays with NULLs", arguments: [1, 2, 3] as [UInt64])
  func roundTrip(seed: UInt64) async throws {
    let database = try await TestCluster.shared()
    let configuration = PostgresConfiguration(connectionString: database.connectionString)
    try await NativeThread.run(name: "test") {
      let connection = try PostgresConnection(configuration, logger: TestCluster.logger)
      var generator = SeededGenerator(seed: seed)
      let values = (0..<200).map { _ in EveryType.random(&generator) }
      for value in values.prefix(50) { #expect(try connection.execute(EchoScalars(value: value)).rows == [value]) }
      #expect(try connection.execute(EchoArrays(values: values)).rows == [values])
    }
  }

  @Test("of an array that are all absent make it NULL, which stands beside others as as many NULLs")
  func sparse() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        for texts in [[nil, nil, nil], [nil, "a", nil], ["", nil], [nil]] as [[String?]] {
          let rows = try connection.execute(EchoSparseArrays(texts: texts)).rows
          #expect(rows.map(\.number) == (0..<Int32(texts.count)).map { $0 })
          #expect(rows.map(\.text) == texts)
          #expect(rows.allSatisfy { $0.isNull == texts.allSatisfy { $0 == nil } })
        }
      }
    }
  }

  @Test("may be empty arrays, empty texts and bytes, and bytes of all kinds")
  func emptiness() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let all = [[UInt8](0...255), [], [0]]
        for (texts, bytes) in [([], []), ([""], [[]]), (["a", ""], all)] as [([String], [[UInt8]])] {
          let row = try connection.execute(EchoPlainArrays(texts: texts, bytes: bytes)).rows[0]
          #expect(row.texts == texts)
          #expect(row.bytes == bytes)
        }
      }
    }
  }

  @Test("of time count from 1970 and know infinity")
  func times() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let texts = try [0, 1_700_000_000_123_456, Int64.max, Int64.min].map {
          let row = try connection.execute(EchoTimes(time: PostgresTimestamp(microseconds: $0))).rows[0]
          #expect(row.0.microseconds == $0)
          #expect(row.2 == #"{"a": 1}"#)
          return row.1
        }
        #expect(texts == ["1970-01-01 00:00:00+00", "2023-11-14 22:13:20.123456+00", "infinity", "-infinity"])
      }
    }
  }

  @Test("of another type than the decoder expects are an error, and the connection lives on")
  func wrongTypes() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let wrong = #expect(throws: PostgresError.self) { try connection.execute(ReadWrongly()) }
        #expect(wrong?.code == .undecodable(.wrongType(column: 0, found: 25)))
        let null = #expect(throws: PostgresError.self) { try connection.execute(ReadNull()) }
        #expect(null?.code == .undecodable(.null(column: 0)))
        let echoed = try connection.execute(Echo(value: 5)).rows
        #expect(echoed == [5])
      }
    }
  }

  @Test("that text cannot hold are the caller's fault")
  func nulInText() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let error = #expect(throws: PostgresError.self) {
          try connection.execute(EchoPlainArrays(texts: ["a\0b"], bytes: []))
        }
        #expect(error?.fault == .callersFault)
        #expect(connection.isUsable)
      }
    }
  }
}

internal import CLibpq

/// One result of the server, freed when it ends.
@usableFromInline internal struct PostgresResult: ~Copyable {
  internal let handle: OpaquePointer

  /// Takes ownership of a `PGresult`.
  internal init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { PQclear(handle) }

  internal var status: ExecStatusType { PQresultStatus(handle) }

  @usableFromInline internal var rowCount: Int { Int(PQntuples(handle)) }

  /// Rows inserted, changed, deleted or returned; 0 for a command that counts none (PQcmdTuples is then empty).
  @usableFromInline internal var affectedRows: Int {
    guard let text = PQcmdTuples(handle) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }

  /// A row, valid only while this result is.
  @usableFromInline internal func row(_ index: Int) -> PostgresRow {
    PostgresRow(result: handle, index: Int32(index))
  }

  /// A field of an error report, or nil.
  internal func errorField(_ code: Character) -> String? {
    guard let ascii = code.asciiValue, let text = PQresultErrorField(handle, Int32(ascii)) else { return nil }
    return String(cString: text)
  }
}

/// A type of the server by its object identifiers; those of built-in types never change.
@usableFromInline package struct PostgresType: Sendable, Hashable {
  /// The type's own object identifier.
  @usableFromInline package let oid: UInt32
  /// The object identifier of the type's array type.
  @usableFromInline package let arrayOID: UInt32

  @usableFromInline package init(oid: UInt32, arrayOID: UInt32) {
    self.oid = oid
    self.arrayOID = arrayOID
  }

  @usableFromInline package static let bool = PostgresType(oid: 16, arrayOID: 1000)
  @usableFromInline package static let bytea = PostgresType(oid: 17, arrayOID: 1001)
  @usableFromInline package static let int8 = PostgresType(oid: 20, arrayOID: 1016)
  @usableFromInline package static let int2 = PostgresType(oid: 21, arrayOID: 1005)
  @usableFromInline package static let int4 = PostgresType(oid: 23, arrayOID: 1007)
  @usableFromInline package static let text = PostgresType(oid: 25, arrayOID: 1009)
  @usableFromInline package static let float8 = PostgresType(oid: 701, arrayOID: 1022)
  @usableFromInline package static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
  @usableFromInline package static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
  @usableFromInline package static let jsonb = PostgresType(oid: 3802, arrayOID: 3807)
}

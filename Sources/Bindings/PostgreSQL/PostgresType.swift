/// The object identifiers of PostgreSQL's own types, from its `pg_type.dat`.
struct PostgresType: Sendable, Hashable {
  let oid: UInt32

  static let unspecified = PostgresType(oid: 0)
  static let bool = PostgresType(oid: 16)
  static let bytea = PostgresType(oid: 17)
  static let name = PostgresType(oid: 19)
  static let int8 = PostgresType(oid: 20)
  static let int2 = PostgresType(oid: 21)
  static let int4 = PostgresType(oid: 23)
  static let text = PostgresType(oid: 25)
  static let oid = PostgresType(oid: 26)
  static let json = PostgresType(oid: 114)
  static let float4 = PostgresType(oid: 700)
  static let float8 = PostgresType(oid: 701)
  static let unknown = PostgresType(oid: 705)
  static let bpchar = PostgresType(oid: 1042)
  static let varchar = PostgresType(oid: 1043)
  static let timestamptz = PostgresType(oid: 1184)
  static let uuid = PostgresType(oid: 2950)
  static let jsonb = PostgresType(oid: 3802)

  static let byteaArray = PostgresType(oid: 1001)
  static let nameArray = PostgresType(oid: 1003)
  static let textArray = PostgresType(oid: 1009)
  static let varcharArray = PostgresType(oid: 1015)
  static let int8Array = PostgresType(oid: 1016)
  static let uuidArray = PostgresType(oid: 2951)

  /// Types that users define (enumerations among them) come after all that PostgreSQL brings along:
  /// FirstNormalObjectId in its `transam.h`.
  var isUserDefined: Bool { oid >= 16384 }
}

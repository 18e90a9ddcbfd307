/// A value that travels beside a statement, already in PostgreSQL's binary format. Each maker is named after the type
/// that PostgreSQL gets, and takes nil for a NULL of that type, so that `$1 is null` needs no cast.
package struct PostgresValue: Sendable, Hashable {
  let type: PostgresType
  let bytes: [UInt8]?

  /// A NULL whose type PostgreSQL works out from the place where it is used.
  package static let null = PostgresValue(type: .unspecified, bytes: nil)

  /// A `text`. PostgreSQL refuses one that contains U+0000 (SQLSTATE 22021).
  package static func text(_ value: String?) -> PostgresValue {
    PostgresValue(type: .text, bytes: value.map { Array($0.utf8) })
  }

  /// An `int8`, which PostgreSQL also compares with and stores into columns of its shorter types.
  package static func int8(_ value: Int64?) -> PostgresValue {
    PostgresValue(type: .int8, bytes: value.map { bigEndianBytes($0) })
  }

  /// An `int8` of Swift's usual number.
  package static func int(_ value: Int?) -> PostgresValue {
    int8(value.map(Int64.init))
  }

  /// An `int4`. It is needed only where the type must be exactly that of the column, as with COPY.
  package static func int4(_ value: Int32?) -> PostgresValue {
    PostgresValue(type: .int4, bytes: value.map { bigEndianBytes($0) })
  }

  /// A `float8`.
  package static func float8(_ value: Double?) -> PostgresValue {
    PostgresValue(type: .float8, bytes: value.map { bigEndianBytes($0.bitPattern) })
  }

  /// A `boolean`.
  package static func bool(_ value: Bool?) -> PostgresValue {
    PostgresValue(type: .bool, bytes: value.map { [$0 ? 1 : 0] })
  }

  /// A `bytea`, of any bytes.
  package static func bytea(_ value: [UInt8]?) -> PostgresValue {
    PostgresValue(type: .bytea, bytes: value)
  }

  /// A `uuid` of 16 bytes; PostgreSQL refuses any other number (SQLSTATE 08P01 or 22P03).
  package static func uuid(_ value: [UInt8]?) -> PostgresValue {
    PostgresValue(type: .uuid, bytes: value)
  }

  /// A `timestamptz`.
  package static func timestamp(_ value: PostgresTimestamp?) -> PostgresValue {
    PostgresValue(type: .timestamptz, bytes: value.map { bigEndianBytes($0.wire) })
  }

  /// A `jsonb` of this text; PostgreSQL refuses what is not JSON (SQLSTATE 22P02).
  package static func jsonb(_ value: String?) -> PostgresValue {
    // jsonb_send's format: a version byte, 1, and the text.
    PostgresValue(type: .jsonb, bytes: value.map { [1] + Array($0.utf8) })
  }

  /// A `text[]`, as for `= any($1)` and `unnest($1)`.
  package static func textArray(_ value: [String]?) -> PostgresValue {
    array(value?.map { Array($0.utf8) }, of: .text, as: .textArray)
  }

  /// A `uuid[]` of 16 bytes each.
  package static func uuidArray(_ value: [[UInt8]]?) -> PostgresValue {
    array(value, of: .uuid, as: .uuidArray)
  }

  /// A `bytea[]`.
  package static func byteaArray(_ value: [[UInt8]]?) -> PostgresValue {
    array(value, of: .bytea, as: .byteaArray)
  }

  /// An `int8[]`.
  package static func int8Array(_ value: [Int64]?) -> PostgresValue {
    array(value?.map { bigEndianBytes($0) }, of: .int8, as: .int8Array)
  }

  /// array_send's format: number of dimensions, whether there are NULLs, the element type; for each
  /// dimension its length and lower bound; then each element with its length before it.
  private static func array(
    _ elements: [[UInt8]]?, of element: PostgresType, as type: PostgresType
  ) -> PostgresValue {
    guard let elements else { return PostgresValue(type: type, bytes: nil) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20 + elements.reduce(0) { $0 + 4 + $1.count })
    bytes.append(bigEndian: Int32(elements.isEmpty ? 0 : 1))
    bytes.append(bigEndian: Int32(0))
    bytes.append(bigEndian: element.oid)
    if !elements.isEmpty {
      bytes.append(bigEndian: Int32(clamping: elements.count))
      bytes.append(bigEndian: Int32(1))
      for element in elements {
        bytes.append(bigEndian: Int32(clamping: element.count))
        bytes += element
      }
    }
    return PostgresValue(type: type, bytes: bytes)
  }
}

private func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.append(bigEndian: value)
  return bytes
}

extension [UInt8] {
  mutating func append(bigEndian value: some FixedWidthInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

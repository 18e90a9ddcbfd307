package import FoundationEssentials

extension PostgresCell {
  /// A text of any kind: also `json` and `jsonb`, and enumerations and other types that users define.
  package var text: String {
    get throws(PostgresError) {
      let bytes = try raw("text") {
        $0.isUserDefined || $0 == .jsonb || [.text, .varchar, .bpchar, .name, .json, .unknown].contains($0)
      }
      // jsonb_send puts a version byte before the text.
      let isJSONB = column.map { result.type(ofColumn: $0) == .jsonb } ?? false
      return String(decoding: isJSONB ? bytes.dropFirst() : bytes[...], as: UTF8.self)
    }
  }

  /// Any of PostgreSQL's whole numbers; `numeric` (as of `sum(int8)`) needs a cast.
  package var int64: Int64 {
    get throws(PostgresError) {
      let bytes = try raw("int64") { [.int8, .int4, .int2, .oid].contains($0) }
      let isUnsigned = column.map { result.type(ofColumn: $0) == .oid } ?? false
      switch (bytes.count, isUnsigned) {
      case (2, _): return Int64(Int16(truncatingIfNeeded: bigEndian(bytes[...])))
      case (4, false): return Int64(Int32(truncatingIfNeeded: bigEndian(bytes[...])))
      case (4, true), (8, _): return Int64(bitPattern: bigEndian(bytes[...]))
      default: throw malformed("int64")
      }
    }
  }

  /// The same as ``int64``.
  package var int: Int {
    get throws(PostgresError) { Int(try int64) }
  }

  /// A `float8` or `float4`.
  package var double: Double {
    get throws(PostgresError) {
      let bytes = try raw("double") { [.float8, .float4].contains($0) }
      switch bytes.count {
      case 4: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bigEndian(bytes[...]))))
      case 8: return Double(bitPattern: bigEndian(bytes[...]))
      default: throw malformed("double")
      }
    }
  }

  /// A `boolean`.
  package var bool: Bool {
    get throws(PostgresError) {
      let bytes = try raw("bool") { $0 == .bool }
      guard bytes.count == 1 else { throw malformed("bool") }
      return bytes[0] != 0
    }
  }

  /// A `bytea`.
  package var bytes: [UInt8] {
    get throws(PostgresError) { try raw("bytea") { $0 == .bytea } }
  }

  /// A `uuid`, as 16 bytes.
  package var uuid: [UInt8] {
    get throws(PostgresError) {
      let bytes = try raw("uuid") { $0 == .uuid }
      guard bytes.count == 16 else { throw malformed("uuid") }
      return bytes
    }
  }

  /// A `timestamptz` that is a moment, not an infinity.
  package var timestamp: PostgresTimestamp {
    get throws(PostgresError) {
      let bytes = try raw("timestamp") { $0 == .timestamptz }
      guard bytes.count == 8, let value = PostgresTimestamp(wire: Int64(bitPattern: bigEndian(bytes[...]))) else {
        throw malformed("timestamp")
      }
      return value
    }
  }

  /// The moment of ``timestamp``.
  package var date: Date {
    get throws(PostgresError) { try timestamp.date }
  }

  /// An array of texts, or of a type that users define, of one dimension and without NULLs.
  package var textArray: [String] {
    get throws(PostgresError) {
      try array("text[]") { [.textArray, .varcharArray, .nameArray].contains($0) || $0.isUserDefined }
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// A `bytea[]` of one dimension, without NULLs.
  package var byteaArray: [[UInt8]] {
    get throws(PostgresError) { try array("bytea[]") { $0 == .byteaArray }.map(Array.init) }
  }

  /// A `uuid[]` of one dimension, without NULLs; 16 bytes each.
  package var uuidArray: [[UInt8]] {
    get throws(PostgresError) { try array("uuid[]") { $0 == .uuidArray }.map(Array.init) }
  }

  /// The elements of an array of one dimension, or none, without NULLs.
  private func array(
    _ asked: StaticString, allowing isAllowed: (PostgresType) -> Bool
  ) throws(PostgresError) -> [ArraySlice<UInt8>] {
    var rest = try raw(asked, allowing: isAllowed)[...]
    func next(_ count: Int) throws(PostgresError) -> ArraySlice<UInt8> {
      guard count >= 0, rest.count >= count else { throw malformed(asked) }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    let dimensions = bigEndian(try next(4))
    _ = try next(8)
    if dimensions == 0 { return [] }
    guard dimensions == 1 else { throw malformed(asked) }
    let count = Int(bigEndian(try next(4)))
    _ = try next(4)
    var elements: [ArraySlice<UInt8>] = []
    for _ in 0..<count {
      // A NULL has the length -1, which `next` refuses.
      let length = Int(Int32(truncatingIfNeeded: bigEndian(try next(4))))
      elements.append(try next(length))
    }
    return elements
  }
}

/// Up to eight bytes as a number, the most significant first.
private func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

import OpenSSL

/// One change in a scope's file, and the file's head. Little-endian:
///
/// | part | size | field |
/// |---|---|---|
/// | head | 8 | magic `XTBKV1` and two zeros |
/// | | 2 | length of the app's name |
/// | | n | the app's name, UTF-8 |
/// | | 8 | seal |
/// | record | 1 | 1 set, 2 delete |
/// | | 1 | length of the key |
/// | | 4 | length of the value |
/// | | n, m | key, value |
/// | | 8 | seal |
///
/// A seal is the first 8 bytes of SHA-256 over the seal before it and the part's other bytes. So a record counts only
/// in the place where it was written: what a power cut left behind the end can't be taken for a later record.
enum KeyValueRecord: Equatable {
  case set(key: [UInt8], value: [UInt8])
  case delete(key: [UInt8])

  typealias Seal = [UInt8]

  static let sealBytes = 8
  private static let headBytes = 6
  private static let magic = Array("XTBKV1\0\0".utf8)

  var encodedSizeBytes: Int {
    switch self {
    case .set(let key, let value): Self.headBytes + key.count + value.count + Self.sealBytes
    case .delete(let key): Self.headBytes + key.count + Self.sealBytes
    }
  }

  /// Appends the record to a file's bytes; `seal` becomes that of the record.
  func append(to bytes: inout [UInt8], after seal: inout Seal) throws(OpenSSLError) {
    var body: [UInt8] = []
    switch self {
    case .set(let key, let value): body = [1, UInt8(key.count)] + Self.encode(value.count) + key + value
    case .delete(let key): body = [2, UInt8(key.count)] + Self.encode(0) + key
    }
    seal = try Self.seal(body, after: seal)
    bytes += body + seal
  }

  static func head(appName: String, seal: inout Seal) throws(OpenSSLError) -> [UInt8] {
    let name = Array(appName.utf8.prefix(Int(UInt16.max)))
    let body = magic + [UInt8(name.count & 0xFF), UInt8(name.count >> 8)] + name
    seal = try Self.seal(body, after: [])
    return body + seal
  }

  /// The whole records of a file, in order; how many bytes they take, the head included, and the last one's seal. Nil
  /// if the head is not this app's.
  static func decode(
    _ bytes: [UInt8], appName: String
  ) throws(OpenSSLError) -> (records: [KeyValueRecord], sizeBytes: Int, seal: Seal)? {
    var seal: Seal = []
    let head = try Self.head(appName: appName, seal: &seal)
    guard bytes.starts(with: head) else { return nil }
    var (records, offset) = ([KeyValueRecord](), head.count)
    while let (record, size) = parse(bytes, at: offset) {
      let body = bytes[offset..<offset + size - sealBytes]
      let expected = try Self.seal(Array(body), after: seal)
      guard bytes[offset + size - sealBytes..<offset + size].elementsEqual(expected) else { break }
      seal = expected
      records.append(record)
      offset += size
    }
    return (records, offset, seal)
  }

  /// The record that stands there, its seal not looked at.
  private static func parse(_ bytes: [UInt8], at offset: Int) -> (KeyValueRecord, sizeBytes: Int)? {
    guard bytes.count - offset >= headBytes + sealBytes else { return nil }
    let keyBytes = Int(bytes[offset + 1])
    let valueBytes = (0..<4).reduce(0) { $0 | Int(bytes[offset + 2 + $1]) << (8 * $1) }
    let size = headBytes + keyBytes + valueBytes + sealBytes
    guard bytes.count - offset >= size else { return nil }
    let key = Array(bytes[offset + headBytes..<offset + headBytes + keyBytes])
    switch bytes[offset] {
    case 1:
      return (.set(key: key, value: Array(bytes[offset + headBytes + keyBytes..<offset + size - sealBytes])), size)
    case 2 where valueBytes == 0: return (.delete(key: key), size)
    default: return nil
    }
  }

  private static func encode(_ count: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
  }

  private static func seal(_ body: [UInt8], after seal: Seal) throws(OpenSSLError) -> Seal {
    Array(try SHA256.digest(of: seal + body).prefix(sealBytes))
  }
}

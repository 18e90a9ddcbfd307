import DeviceProtocol
import Foundations

/// Reads what is in a section that is in memory as a whole.
struct WebAssemblyReader {
  struct Problem: Error {
    var text: String
    init(_ text: String) { self.text = text }
  }

  let bytes: [UInt8]
  /// The index of the next byte.
  var position: Int

  init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// The next byte; nil at the end.
  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// How many entries follow.
  mutating func count(smallestEntryBytes: Int) throws(Problem) -> UInt32 {
    let count = try number(orThrow: "it ends inside its first number")
    guard Int(count) <= (bytes.count - position) / smallestEntryBytes else {
      throw Problem("it has too few bytes for its \(count) entries")
    }
    return count
  }

  func expectEnd() throws(Problem) {
    guard position == bytes.count else { throw Problem("bytes follow its last entry") }
  }

  mutating func byte() throws(Problem) -> UInt8 {
    guard position < bytes.count else { throw Problem("it ends inside an entry") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func skip(_ count: Int) throws(Problem) {
    guard count <= bytes.count - position else { throw Problem("it ends inside an entry") }
    position += count
  }

  mutating func number(orThrow problem: String = "it ends inside an entry") throws(Problem) -> UInt32 {
    var leb = LEB128()
    while true {
      guard position < bytes.count else { throw Problem(problem) }
      switch leb.push(try byte()) {
      case .more: continue
      case .done(let value): return value
      case .overlong: throw Problem("a number is not a 32-bit LEB128 number")
      }
    }
  }

  /// A number of at most 64 bits.
  mutating func longNumber() throws(Problem) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<10 {
      let byte = try byte()
      // The tenth byte has room for one more bit.
      guard index < 9 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << UInt64(index * 7)
      if byte & 0x80 == 0 { return value }
    }
    throw Problem("a number is not a 64-bit LEB128 number")
  }

  /// A signed number of 32 bits.
  mutating func signedNumber() throws(Problem) -> Int32 {
    var value: Int64 = 0
    for index in 0..<5 {
      let byte = try byte()
      value |= Int64(byte & 0x7F) << Int64(index * 7)
      guard byte & 0x80 == 0 else { continue }
      // The last byte's highest bit is the sign.
      if byte & 0x40 != 0 { value -= 1 << Int64((index + 1) * 7) }
      return Int32(truncatingIfNeeded: value)
    }
    throw Problem("a number is not a signed 32-bit LEB128 number")
  }

  /// A number, signed or not, whose value does not matter.
  mutating func skipNumber(maximumBytes: Int) throws(Problem) {
    for _ in 0..<maximumBytes where try byte() & 0x80 == 0 { return }
    throw Problem("a number has more than \(maximumBytes) bytes")
  }

  mutating func name() throws(Problem) -> ByteText {
    let length = Int(try number())
    guard length <= bytes.count - position else { throw Problem("a name is longer than the section") }
    let slice = bytes[position..<(position + length)]
    position += length
    guard let text = String(validating: slice, as: UTF8.self) else { throw Problem("a name is not UTF-8") }
    return ByteText(text)
  }

  mutating func kind() throws(Problem) -> WebAssemblyInterface.Kind {
    let value = try byte()
    guard let kind = WebAssemblyInterface.Kind(rawValue: value) else {
      throw Problem("an entry is of the unknown kind \(value)")
    }
    return kind
  }

  /// A value or reference type: one byte, or (ref null? heaptype), whose heap type is a signed number of at most 33
  /// bits.
  mutating func valueType() throws(Problem) -> WebAssemblyValueType {
    switch try byte() {
    case 0x7F: return .i32
    case 0x7E: return .i64
    case 0x7D: return .f32
    case 0x7C: return .f64
    case 0x7B: return .v128
    case 0x63, 0x64:
      // Shared and exact ones have a mark before the type.
      if peek == 0x62 || peek == 0x65 { _ = try byte() }
      try skipNumber(maximumBytes: 5)
      return .reference
    case 0x65:
      _ = try byte()
      return .reference
    // The short forms of references, and whatever may come: a host passes none of them.
    default: return .reference
    }
  }

  /// Flags, a minimum, and as the flags say a maximum (bit 0) and a page size (bit 3). Numbers of 64-bit ones (bit 2)
  /// have up to 10 bytes.
  mutating func limits() throws(Problem) -> WebAssemblyInterface.Limits {
    let flags = try byte()
    guard flags < 16 else { throw Problem("limits have the unknown flags \(flags)") }
    var limits = WebAssemblyInterface.Limits(minimum: try longNumber())
    limits.isShared = flags & 2 != 0
    limits.is64Bit = flags & 4 != 0
    if flags & 1 != 0 { limits.maximum = try longNumber() }
    if flags & 8 != 0 { limits.pageSizeExponent = try number() }
    return limits
  }
}

import Foundations

/// JSON (RFC 8259) as signed documents have it: objects, arrays, texts and whole numbers from 0, and nothing that two
/// readers might take for different things, such as a name that comes twice.
indirect enum StrictJSON: Equatable {
  case object([String: StrictJSON])
  case array([StrictJSON])
  case text(String)
  case number(UInt64)

  /// How deep values may be within one another.
  static let maximumDepth = 8

  init(decoding bytes: [UInt8]) throws(RootDocumentError) {
    var reader = StrictJSONReader(bytes)
    self = try reader.value(depth: 0)
    try reader.finish()
  }

  /// A text with its quotation marks, as ASCII where it is and UTF-8 where it isn't.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.value < 0x20: quoted += "\\u00" + Hexadecimal.encode([UInt8(scalar.value)])
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

/// Walks over the bytes of one JSON text.
private struct StrictJSONReader {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func value(depth: Int) throws(RootDocumentError) -> StrictJSON {
    guard depth < StrictJSON.maximumDepth else { throw malformed("is nested too deeply") }
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .text(try text())
    case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number(try number())
    default: throw malformed("has no object, array, text or whole number where one must be")
    }
  }

  mutating func finish() throws(RootDocumentError) {
    skipSpace()
    guard offset == bytes.count else { throw malformed("goes on after its end") }
  }

  private mutating func object(depth: Int) throws(RootDocumentError) -> [String: StrictJSON] {
    var members: [String: StrictJSON] = [:]
    offset += 1
    skipSpace()
    if take("}") { return members }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw malformed("has a member without a name") }
      let name = try text()
      // Swift takes some texts for equal whose bytes differ; among ASCII there are none.
      guard name.utf8.allSatisfy({ $0 < 0x80 }) else { throw malformed("has a name that is not ASCII") }
      guard members[name] == nil else { throw malformed("names \(StrictJSON.quoted(name)) twice") }
      skipSpace()
      guard take(":") else { throw malformed("has no colon after a name") }
      members[name] = try value(depth: depth + 1)
      skipSpace()
    } while take(",")
    guard take("}") else { throw malformed("has an object without an end") }
    return members
  }

  private mutating func array(depth: Int) throws(RootDocumentError) -> [StrictJSON] {
    var elements: [StrictJSON] = []
    offset += 1
    skipSpace()
    if take("]") { return elements }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw malformed("has an array without an end") }
    return elements
  }

  private mutating func number() throws(RootDocumentError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    while let digit = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, stillTooLarge) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      guard !tooLarge, !stillTooLarge else { throw malformed("has a number that is too large") }
      value = sum
      offset += 1
    }
    guard bytes[start] != UInt8(ascii: "0") || offset == start + 1 else { throw malformed("has a number from 0…") }
    return value
  }

  private mutating func text() throws(RootDocumentError) -> String {
    var content: [UInt8] = []
    offset += 1
    while let byte = peek {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else {
          throw malformed("has a text that is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): content += Array(String(Character(try escape())).utf8)
      case 0..<0x20: throw malformed("has a control character in a text")
      default: content.append(byte)
      }
    }
    throw malformed("has a text without an end")
  }

  private mutating func escape() throws(RootDocumentError) -> Unicode.Scalar {
    let letter = peek
    offset += 1
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var value = try codeUnit()
      if (0xD800..<0xDC00).contains(value), take("\\"), take("u") {
        let low = try codeUnit()
        guard (0xDC00..<0xE000).contains(low) else { throw malformed("has half a surrogate pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw malformed("has half a surrogate pair") }
      return scalar
    default: throw malformed("has an unknown escape in a text")
    }
  }

  private mutating func codeUnit() throws(RootDocumentError) -> UInt32 {
    guard offset + 4 <= bytes.count,
      let decoded = Hexadecimal.decode(String(decoding: bytes[offset..<offset + 4], as: UTF8.self))
    else { throw malformed("has an escape without four hexadecimal digits") }
    offset += 4
    return UInt32(decoded[0]) << 8 | UInt32(decoded[1])
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
  }

  private func malformed(_ problem: String) -> RootDocumentError {
    .malformed("its JSON \(problem), at byte \(min(offset, bytes.count))")
  }
}

/// Tells whether bytes are JSON as everybody reads it: RFC 8259 with the limits of I-JSON (RFC 7493).
///
/// Foundation's decoder takes trailing commas, lets the last of two equal keys win, and makes something of broken text;
/// another program would read the same bytes otherwise. So whatever comes from outside passes through here first.
package struct JSONSyntax {
  /// How deep values may be nested. No document of the project comes near it, and reading deeper ones would need a
  /// stack of its own.
  package static let maximumDepth = 128

  private let bytes: [UInt8]
  private var position = 0

  /// Checks a whole document.
  ///
  /// - Throws: where the first fault is, and what to do about it.
  package static func check(_ bytes: [UInt8]) throws(JSONSyntaxError) {
    var reader = JSONSyntax(bytes: bytes)
    try reader.checkText()
    try reader.readSpace()
    try reader.readValue(depth: 0)
    try reader.readSpace()
    guard reader.byte == nil else { throw reader.fault("there is more after the end; send one value") }
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func fault(_ problem: String, at offset: Int? = nil) -> JSONSyntaxError {
    let before = bytes[..<min(offset ?? position, bytes.count)]
    let line = before.count(where: { $0 == UInt8(ascii: "\n") }) + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    // Bytes that go on a character are not counted.
    let column = before[lineStart...].count(where: { $0 & 0xC0 != 0x80 }) + 1
    return JSONSyntaxError(line: line, column: column, problem: problem)
  }

  private func checkText() throws(JSONSyntaxError) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault("it starts with a byte order mark; leave that out") }
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    // The longest part that is UTF-8 ends before the first fault.
    var low = 0
    var high = bytes.count
    while low < high {
      let middle = (low + high + 1) / 2
      if Self.isTextOrCutShort(bytes[..<middle]) { low = middle } else { high = middle - 1 }
    }
    throw fault("it is not UTF-8; encode it anew", at: low)
  }

  /// Whether it is UTF-8, apart from a character at the end that may go on.
  private static func isTextOrCutShort(_ bytes: ArraySlice<UInt8>) -> Bool {
    (0...3).contains { cut in
      cut <= bytes.count && String(validating: bytes.dropLast(cut), as: UTF8.self) != nil
        && (cut == 0 || bytes[bytes.endIndex - cut] >= 0xC2)
    }
  }

  private mutating func readSpace() throws(JSONSyntaxError) {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func readValue(depth: Int) throws(JSONSyntaxError) {
    guard depth <= Self.maximumDepth else {
      throw fault("it is nested more than \(Self.maximumDepth) deep; make it flatter")
    }
    switch byte {
    case UInt8(ascii: "{"): try readObject(depth: depth)
    case UInt8(ascii: "["): try readArray(depth: depth)
    case UInt8(ascii: "\""): _ = try readText(isKey: false)
    case UInt8(ascii: "t"): try readWord("true")
    case UInt8(ascii: "f"): try readWord("false")
    case UInt8(ascii: "n"): try readWord("null")
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): try readNumber()
    case nil: throw fault("it ends where a value should be")
    default:
      throw fault("here should be a value: an object, a list, a text in double quotes, a number, true, false or null")
    }
  }

  private mutating func readWord(_ word: StaticString) throws(JSONSyntaxError) {
    let expected = word.withUTF8Buffer { Array($0) }
    guard bytes[position...].starts(with: expected) else {
      throw fault("here should be true, false or null, in lower case")
    }
    position += expected.count
  }

  private mutating func readArray(depth: Int) throws(JSONSyntaxError) {
    position += 1
    try readSpace()
    if byte == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      try readSpace()
      if byte == UInt8(ascii: "]") { throw fault("a comma stands before the end of the list; remove it") }
      try readValue(depth: depth + 1)
      try readSpace()
      switch byte {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return
      default: throw fault("here should be a comma or the end of the list")
      }
    }
  }

  private mutating func readObject(depth: Int) throws(JSONSyntaxError) {
    position += 1
    // As Swift's dictionaries compare: of two spellings of one character the decoder would drop one.
    var keys: [String] = []
    var more: Set<String> = []
    try readSpace()
    if byte == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      try readSpace()
      if byte == UInt8(ascii: "}") { throw fault("a comma stands before the end of the object; remove it") }
      guard byte == UInt8(ascii: "\"") else { throw fault("here should be a key in double quotes") }
      let start = position
      let key = try readText(isKey: true)
      guard isNew(key, &keys, &more) else {
        throw fault("the key \(Self.shown(key)) is there twice; send it once", at: start)
      }
      try readSpace()
      guard byte == UInt8(ascii: ":") else { throw fault("here should be a colon") }
      position += 1
      try readSpace()
      try readValue(depth: depth + 1)
      try readSpace()
      switch byte {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return
      default: throw fault("here should be a comma or the end of the object")
      }
    }
  }

  /// Looks through a few, which is faster than hashing them, and hashes what is more.
  private func isNew(_ key: String, _ keys: inout [String], _ more: inout Set<String>) -> Bool {
    guard !keys.contains(key) else { return false }
    if keys.count < 16 {
      keys.append(key)
      return true
    }
    return more.insert(key).inserted
  }

  private static func shown(_ key: String) -> String { "\"\(PlainText.escaped(String(key.prefix(40))))\"" }

  /// - Returns: the text of a key; of others nothing, which nobody asks for.
  private mutating func readText(isKey: Bool) throws(JSONSyntaxError) -> String {
    let start = position
    position += 1
    // Nil as long as there is no escape, as most often.
    var text: [UInt8]?
    while let byte {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard isKey else { return "" }
        return String(decoding: text?[...] ?? bytes[(start + 1)..<(position - 1)], as: UTF8.self)
      case 0..<0x20: throw fault("a text has a control character; write it as an escape")
      case UInt8(ascii: "\\"):
        if isKey, text == nil { text = Array(bytes[(start + 1)..<position]) }
        let scalar = try readEscape()
        text?.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      default:
        let run = position
        position = endOfRun(from: run)
        text?.append(contentsOf: bytes[run..<position])
      }
    }
    throw fault("a text has no end", at: start)
  }

  /// The first place from `start` on at which a text can't simply go on.
  private func endOfRun(from start: Int) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      var index = start
      while index < bytes.count, bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\""),
        bytes[index] != UInt8(ascii: "\\")
      {
        index += 1
      }
      return index
    }
  }

  private mutating func readEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let start = position
    position += 1
    defer { position += 1 }
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw fault("there is no such escape", at: start)
    }
    let unit = try readUnit(start)
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xDC00, bytes[(position + 1)...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
      throw fault("half of a pair of surrogates stands alone; write the character itself", at: start)
    }
    position += 2
    let low = try readUnit(start)
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    else { throw fault("half of a pair of surrogates stands alone; write the character itself", at: start) }
    return scalar
  }

  /// The four digits after the `u`; afterwards the position is at the last of them.
  private mutating func readUnit(_ start: Int) throws(JSONSyntaxError) -> UInt32 {
    let digits = bytes[(position + 1)...].prefix(4)
    guard digits.count == 4, let text = String(validating: digits, as: UTF8.self),
      digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }), let unit = UInt32(text, radix: 16)
    else { throw fault("\\u takes four hexadecimal digits", at: start) }
    position += 4
    return unit
  }

  private mutating func readNumber() throws(JSONSyntaxError) {
    let start = position
    if byte == UInt8(ascii: "-") { position += 1 }
    if byte == UInt8(ascii: "0") {
      position += 1
      if let byte, Self.isDigit(byte) { throw fault("a number starts with a zero; leave that out", at: start) }
    } else {
      try readDigits(start)
    }
    var isWhole = true
    if byte == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      try readDigits(start)
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      isWhole = false
      position += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position += 1 }
      try readDigits(start)
    }
    // No number of so few digits is out of range.
    if isWhole, position - start <= 18 { return }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let isInRange = isWhole ? Int64(text) != nil || UInt64(text) != nil : Double(text)?.isFinite == true
    guard isInRange else { throw fault("a number is larger than any that is taken", at: start) }
  }

  private mutating func readDigits(_ start: Int) throws(JSONSyntaxError) {
    guard let byte, Self.isDigit(byte) else { throw fault("a number lacks a digit", at: start) }
    while let byte = self.byte, Self.isDigit(byte) { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// Where a text is not JSON that is taken, by `line` and `column` from 1, and what the `problem` is.
package struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
  package let line: Int
  package let column: Int
  package let problem: String

  package var description: String { "line \(line), column \(column): \(problem)" }
}

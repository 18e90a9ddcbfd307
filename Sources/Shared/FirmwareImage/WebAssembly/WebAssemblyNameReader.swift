/// Reads a whole import or export section that is in memory.
struct WebAssemblyNameReader {
  struct Problem: Error {
    var text: String
    init(_ text: String) { self.text = text }
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func imports() throws(Problem) -> [WebAssemblyInterface.Import] {
    var result: [WebAssemblyInterface.Import] = []
    for _ in 0..<(try count(smallestEntryBytes: 4)) {
      let module = try name()
      let name = try name()
      let kind = try kind()
      switch kind {
      case .function: _ = try number()
      case .table:
        try skipType()
        try skipLimits()
      case .memory: try skipLimits()
      case .global:
        try skipType()
        guard try byte() <= 3 else { throw Problem("a global's mutability is out of range") }
      case .tag:
        _ = try byte()
        _ = try number()
      }
      result.append(.init(module: module, name: name, kind: kind))
    }
    try expectEnd()
    return result
  }

  mutating func exports() throws(Problem) -> [WebAssemblyInterface.Export] {
    var result: [WebAssemblyInterface.Export] = []
    var names: Set<String> = []
    for _ in 0..<(try count(smallestEntryBytes: 3)) {
      let name = try name()
      guard names.insert(name).inserted else { throw Problem("the name '\(name)' is exported twice") }
      let kind = try kind()
      _ = try number()
      result.append(.init(name: name, kind: kind))
    }
    try expectEnd()
    return result
  }

  private mutating func count(smallestEntryBytes: Int) throws(Problem) -> UInt32 {
    let count = try number()
    guard Int(count) <= (bytes.count - position) / smallestEntryBytes else {
      throw Problem("it has too few bytes for its \(count) entries")
    }
    return count
  }

  private func expectEnd() throws(Problem) {
    guard position == bytes.count else { throw Problem("bytes follow its last entry") }
  }

  private mutating func byte() throws(Problem) -> UInt8 {
    guard position < bytes.count else { throw Problem("it ends inside an entry") }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func number() throws(Problem) -> UInt32 {
    var leb = LEB128()
    while true {
      switch leb.push(try byte()) {
      case .more: continue
      case .done(let value): return value
      case .overlong: throw Problem("a number is not a 32-bit LEB128 number")
      }
    }
  }

  private mutating func name() throws(Problem) -> String {
    let length = Int(try number())
    guard length <= bytes.count - position else { throw Problem("a name is longer than the section") }
    let slice = bytes[position..<(position + length)]
    position += length
    guard let text = String(validating: slice, as: UTF8.self) else { throw Problem("a name is not UTF-8") }
    return text
  }

  private mutating func kind() throws(Problem) -> WebAssemblyInterface.Kind {
    let value = try byte()
    guard let kind = WebAssemblyInterface.Kind(rawValue: value) else {
      throw Problem("an entry is of the unknown kind \(value)")
    }
    return kind
  }

  /// A value or reference type: one byte, or (ref null? heaptype), whose heap type is a signed
  /// number of at most 33 bits.
  private mutating func skipType() throws(Problem) {
    let first = try byte()
    if first == 0x63 || first == 0x64 { try skipNumber(maximumBytes: 5) }
  }

  /// Flags, a minimum, and as the flags say a maximum (bit 0) and a page size (bit 3). Numbers of a
  /// 64-bit memory (bit 2) have up to 10 bytes.
  private mutating func skipLimits() throws(Problem) {
    let flags = try byte()
    guard flags < 16 else { throw Problem("limits have the unknown flags \(flags)") }
    try skipNumber(maximumBytes: 10)
    if flags & 1 != 0 { try skipNumber(maximumBytes: 10) }
    if flags & 8 != 0 { try skipNumber(maximumBytes: 5) }
  }

  private mutating func skipNumber(maximumBytes: Int) throws(Problem) {
    for _ in 0..<maximumBytes where try byte() & 0x80 == 0 { return }
    throw Problem("a number has more than \(maximumBytes) bytes")
  }
}

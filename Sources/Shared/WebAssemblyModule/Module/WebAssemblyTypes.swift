package import DeviceProtocol

/// A module's type section: where each type stands in it. Types are read when they are asked for, so that a section
/// of a megabyte takes little more than that.
package struct WebAssemblyTypes: Hashable, Sendable {
  private var content: [UInt8] = []
  /// Where each type begins, in the order of their indices. From the first type on whose form is not known here there
  /// are none.
  private var offsets: [UInt32] = []

  init() {}

  /// - Parameter content: the section's. Of a form that this does not know, the engine has to say whether it knows it.
  init(reading content: [UInt8]) throws(WebAssemblyReader.Problem) {
    self.content = content
    var reader = WebAssemblyReader(content)
    for _ in 0..<(try reader.count(smallestEntryBytes: 2)) {
      var members: UInt32 = 1
      if reader.peek == Form.group {
        _ = try reader.byte()
        members = try reader.count(smallestEntryBytes: 2)
      }
      for _ in 0..<members {
        let offset = UInt32(reader.position)
        guard try reader.skipTypeDefinition() else { return }
        offsets.append(offset)
      }
    }
    try reader.expectEnd()
  }

  /// The type of that index, if it is a function's; nil if it is another's, or there is none.
  package func function(at index: UInt32) -> WebAssemblyFunctionType? {
    guard index < offsets.count else { return nil }
    var reader = WebAssemblyReader(content, from: Int(offsets[Int(index)]))
    return try? reader.functionType()
  }

  enum Form {
    static let group: UInt8 = 0x4E
    static let finalSubtype: UInt8 = 0x4F
    static let subtype: UInt8 = 0x50
    static let array: UInt8 = 0x5E
    static let structure: UInt8 = 0x5F
    static let function: UInt8 = 0x60
  }
}

extension WebAssemblyReader {
  /// False for a form that is not known.
  fileprivate mutating func skipTypeDefinition() throws(Problem) -> Bool {
    switch try definitionForm() {
    case WebAssemblyTypes.Form.function:
      for _ in 0..<2 {
        for _ in 0..<(try count(smallestEntryBytes: 1)) { _ = try valueType() }
      }
    case WebAssemblyTypes.Form.array: try skipField()
    case WebAssemblyTypes.Form.structure:
      for _ in 0..<(try count(smallestEntryBytes: 2)) { try skipField() }
    default: return false
    }
    return true
  }

  /// Reads a function's type; nil if the type is of something else.
  fileprivate mutating func functionType() throws(Problem) -> WebAssemblyFunctionType? {
    guard try definitionForm() == WebAssemblyTypes.Form.function else { return nil }
    var lists: [[WebAssemblyValueType]] = []
    for _ in 0..<2 {
      var list: [WebAssemblyValueType] = []
      for _ in 0..<(try count(smallestEntryBytes: 1)) { list.append(try valueType()) }
      lists.append(list)
    }
    return WebAssemblyFunctionType(lists[0], lists[1])
  }

  /// What the definition is of, behind what it is a subtype of.
  private mutating func definitionForm() throws(Problem) -> UInt8 {
    let form = try byte()
    guard form == WebAssemblyTypes.Form.subtype || form == WebAssemblyTypes.Form.finalSubtype else { return form }
    for _ in 0..<(try count(smallestEntryBytes: 1)) { _ = try number() }
    return try byte()
  }

  /// A type, packed ones (i8, i16) too, and whether it can change.
  private mutating func skipField() throws(Problem) {
    if peek == 0x77 || peek == 0x78 { _ = try byte() } else { _ = try valueType() }
    guard try byte() <= 1 else { throw Problem("a field's mutability is out of range") }
  }
}

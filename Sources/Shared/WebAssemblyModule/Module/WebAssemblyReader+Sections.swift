import Foundations

/// Whole sections.
extension WebAssemblyReader {
  /// Imports, and among them the memories and tables.
  mutating func imports(into interface: inout WebAssemblyInterface) throws(Problem) {
    for _ in 0..<(try count(smallestEntryBytes: 4)) {
      let (module, name) = (try name(), try name())
      switch name.text.isEmpty ? peek : nil {
      case CompactImports.ofTypes:
        // Of one module: names with their types.
        _ = try byte()
        for _ in 0..<(try count(smallestEntryBytes: 3)) {
          let name = try self.name()
          try importItem(module, name, into: &interface)
        }
      case CompactImports.ofOneType:
        // Of one module and one type: names.
        _ = try byte()
        let type = position
        var scratch = WebAssemblyInterface()
        try importItem(module, name, into: &scratch)
        for _ in 0..<(try count(smallestEntryBytes: 1)) {
          let name = try self.name()
          var again = WebAssemblyReader(bytes, from: type)
          try again.importItem(module, name, into: &interface)
        }
      default: try importItem(module, name, into: &interface)
      }
    }
    try expectEnd()
  }

  private static let importLimit = 100_000

  /// What stands for the kind where several imports share their module's name.
  private enum CompactImports {
    static let ofTypes: UInt8 = 0x7F
    static let ofOneType: UInt8 = 0x7E
  }

  private mutating func importItem(
    _ module: ByteText, _ name: ByteText, into interface: inout WebAssemblyInterface
  ) throws(Problem) {
    // Each takes more memory than the byte that a compact one is long.
    guard interface.imports.count < Self.importLimit else {
      throw Problem("it has more than \(Self.importLimit) imports")
    }
    var item = WebAssemblyInterface.Import(module: module, name: name, kind: try kind())
    switch item.kind {
    case .function: item.typeIndex = try number()
    case .table:
      _ = try valueType()
      interface.tables.append(try limits())
    case .memory: interface.memories.append(try limits())
    case .global:
      _ = try valueType()
      guard try byte() <= 3 else { throw Problem("a global's mutability is out of range") }
    case .tag:
      _ = try byte()
      _ = try number()
    }
    interface.imports.append(item)
  }

  mutating func exports(into interface: inout WebAssemblyInterface) throws(Problem) {
    var names: Set<ByteText> = []
    for _ in 0..<(try count(smallestEntryBytes: 3)) {
      let name = try name()
      guard names.insert(name).inserted else { throw Problem("the name '\(name.shown)' is exported twice") }
      interface.exports.append(.init(name: name, kind: try kind(), index: try number()))
    }
    try expectEnd()
  }

  /// The type indices of the functions that the module brings.
  mutating func functions() throws(Problem) -> [UInt32] {
    let count = try count(smallestEntryBytes: 1)
    var types: [UInt32] = []
    types.reserveCapacity(Int(count))
    for _ in 0..<count { types.append(try number()) }
    try expectEnd()
    return types
  }

  mutating func memories(into interface: inout WebAssemblyInterface) throws(Problem) {
    for _ in 0..<(try count(smallestEntryBytes: 2)) { interface.memories.append(try limits()) }
    try expectEnd()
  }

  mutating func tables(into interface: inout WebAssemblyInterface) throws(Problem) {
    for _ in 0..<(try count(smallestEntryBytes: 3)) {
      // A table with a first value for its elements: 0x40 0x00, the type, the expression.
      let hasValue = peek == 0x40
      if hasValue { try skip(2) }
      _ = try valueType()
      interface.tables.append(try limits())
      // What an expression is of that is not known here, the engine has to say.
      if hasValue, try !skipConstantExpression() { return }
    }
    try expectEnd()
  }

  /// Past an expression and its end. False at an instruction that is not known.
  mutating func skipConstantExpression() throws(Problem) -> Bool {
    while true {
      switch try byte() {
      case 0x0B: return true
      // global.get, i32.const, i64.const, ref.null, ref.func: a number each.
      case 0x23, 0x41, 0x42, 0xD0, 0xD2: try skipNumber(maximumBytes: 10)
      case 0x43: try skip(4)
      case 0x44: try skip(8)
      // Adding, subtracting and multiplying.
      case 0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E: break
      case 0xFB:
        switch try number() {
        // struct.new, struct.new_default, array.new, array.new_default: a type.
        case 0x00, 0x01, 0x06, 0x07: _ = try number()
        // array.new_fixed: a type and a count.
        case 0x08:
          _ = try number()
          _ = try number()
        // any.convert_extern, extern.convert_any, ref.i31.
        case 0x1A, 0x1B, 0x1C: break
        default: return false
        }
      case 0xFD:
        // v128.const.
        guard try number() == 0x0C else { return false }
        try skip(16)
      default: return false
      }
    }
  }
}

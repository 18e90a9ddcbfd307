package import DeviceProtocol
package import Foundations

/// What a module asks of its host and offers to it, and which build it is. `imports` and `exports` are in the
/// module's order.
package struct WebAssemblyInterface: Hashable, Sendable {
  /// What an import or export is; the raw values are those of the binary format (WebAssembly core specification,
  /// import and export sections).
  package enum Kind: UInt8, Sendable {
    case function = 0
    case table = 1
    case memory = 2
    case global = 3
    case tag = 4
  }

  /// An import: the `module` and `name` that the host must define, and its `kind`.
  package struct Import: Hashable, Sendable {
    package var module: ByteText
    package var name: ByteText
    package var kind: Kind
    /// The index of a function's type among `types`; nil for other kinds.
    package var typeIndex: UInt32?

    package init(module: ByteText, name: ByteText, kind: Kind, typeIndex: UInt32? = nil) {
      self.module = module
      self.name = name
      self.kind = kind
      self.typeIndex = typeIndex
    }
  }

  /// An export: its `name` and `kind`.
  package struct Export: Hashable, Sendable {
    package var name: ByteText
    package var kind: Kind
    /// The index among all functions, memories and so on of the module, with those that it imports first.
    package var index: UInt32

    package init(name: ByteText, kind: Kind, index: UInt32 = 0) {
      self.name = name
      self.kind = kind
      self.index = index
    }
  }

  /// The size limits of a memory, in pages, or of a table, in elements: at least `minimum`, from the start, and at
  /// most `maximum`; nil: no maximum is given.
  package struct Limits: Hashable, Sendable {
    package var minimum: UInt64
    package var maximum: UInt64?
    /// Whether several threads may share it.
    package var isShared = false
    /// Whether its addresses or indices have 64 bits.
    package var is64Bit = false
    /// The page size of a memory as a power of two; nil: the usual 64 KiB.
    package var pageSizeExponent: UInt32?

    package init(minimum: UInt64) { self.minimum = minimum }
  }

  package var imports: [Import] = []
  package var exports: [Export] = []
  /// All memories, with those that the module imports first.
  package var memories: [Limits] = []
  /// All tables, with those that the module imports first.
  package var tables: [Limits] = []
  /// One past the last byte of memory that the module's data fills at the start, as far as the place of the data is a
  /// constant.
  package var memoryEndBytes: UInt64 = 0
  /// One past the last element that the module fills at the start, by the table's index. A section longer than
  /// `WebAssemblyChecker.sectionLimitBytes` is not looked at.
  package var tableEnds: [UInt32: UInt64] = [:]
  /// The type section.
  package var types = WebAssemblyTypes()
  /// The type of each function that the module defines, as an index into `types`.
  package var functionTypes: [UInt32] = []
  /// The content of the custom section `build_id`, which the linker writes (`wasm-ld --build-id=sha1`) and which
  /// survives stripping; at most `WebAssemblyChecker.buildIDLimitBytes`. Empty: the module has none.
  package var buildID: [UInt8] = []
  /// Where in the module the code section's body begins, in bytes. An address in DWARF is an offset in the module
  /// less this. nil: the module has no code.
  package var codeSectionOffset: UInt64?
  /// Whether the module names its functions, in the custom section `name`. Stripping takes the names away.
  package var hasNames = false
  /// Whether the module says where in the sources its code comes from (DWARF). Stripping takes that away.
  package var hasDebugInformation = false
  /// Whether each call of `xtb_init` and `xtb_event` runs the constructors of global objects first: see
  /// `CommandExport`.
  package var constructsAtEachCall = false

  package init(
    imports: [Import] = [], exports: [Export] = [], buildID: [UInt8] = [], codeSectionOffset: UInt64? = nil
  ) {
    self.imports = imports
    self.exports = exports
    self.buildID = buildID
    self.codeSectionOffset = codeSectionOffset
  }
}

extension WebAssemblyInterface {
  /// The export of that name; nil if there is none.
  package func export(_ name: ByteText) -> Export? { exports.first { $0.name == name } }

  /// Whether a function is exported under that name.
  package func exports(function name: ByteText) -> Bool { export(name)?.kind == .function }

  /// How many of the module's functions are imported; their indices come before those of its own.
  package var importedFunctions: Int { imports.count { $0.kind == .function } }

  /// The type of the function with that index, imports counted first; nil if it has no known type.
  package func functionType(_ index: UInt32) -> WebAssemblyFunctionType? {
    let imported = UInt32(clamping: importedFunctions)
    if index < imported {
      return imports.lazy.filter { $0.kind == .function }.dropFirst(Int(index)).first?.typeIndex
        .flatMap { types.function(at: $0) }
    }
    guard index - imported < functionTypes.count else { return nil }
    return types.function(at: functionTypes[Int(index - imported)])
  }
}

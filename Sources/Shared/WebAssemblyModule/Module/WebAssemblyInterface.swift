package import DeviceProtocol
package import Foundations

/// What a module asks of its host and offers to it, and what names its build.
package struct WebAssemblyInterface: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case function = 0
    case table = 1
    case memory = 2
    case global = 3
    case tag = 4
  }

  package struct Import: Hashable, Sendable {
    package var module: ByteText
    package var name: ByteText
    package var kind: Kind
    /// Of a function, among `types`.
    package var typeIndex: UInt32?

    package init(module: ByteText, name: ByteText, kind: Kind, typeIndex: UInt32? = nil) {
      self.module = module
      self.name = name
      self.kind = kind
      self.typeIndex = typeIndex
    }
  }

  package struct Export: Hashable, Sendable {
    package var name: ByteText
    package var kind: Kind
    /// Among what there is of its kind, imports first.
    package var index: UInt32

    package init(name: ByteText, kind: Kind, index: UInt32 = 0) {
      self.name = name
      self.kind = kind
      self.index = index
    }
  }

  /// How large a memory (in pages) or a table (in elements) is and may become.
  package struct Limits: Hashable, Sendable {
    package var minimum: UInt64
    package var maximum: UInt64?
    package var isShared = false
    package var is64Bit = false
    /// Of a memory whose pages have another size than 64 KiB, the power of two.
    package var pageSizeExponent: UInt32?

    package init(minimum: UInt64) { self.minimum = minimum }
  }

  package var imports: [Import] = []
  package var exports: [Export] = []
  /// With those that it imports, which come first.
  package var memories: [Limits] = []
  package var tables: [Limits] = []
  /// One past the last byte of memory that data fills at the start, as far as its place is a constant.
  package var memoryEndBytes: UInt64 = 0
  /// The same of the elements of tables, by the table's index. A section of more than
  /// `WebAssemblyChecker.sectionLimitBytes` is not looked at.
  package var tableEnds: [UInt32: UInt64] = [:]
  package var types = WebAssemblyTypes()
  /// Of each function that the module brings, in `types`.
  package var functionTypes: [UInt32] = []
  /// What the linker wrote into the custom section `build_id`, which survives stripping: `wasm-ld --build-id=sha1`
  /// makes one. Empty: the module has none. At most `WebAssemblyChecker.buildIDLimitBytes`.
  package var buildID: [UInt8] = []
  /// Where in the module the code section's body begins, in bytes: an address in DWARF is an offset in the module
  /// less this. nil: the module has no code.
  package var codeSectionOffset: UInt64?
  /// Whether it names its functions, and whether it says where in the sources its code comes from (DWARF). Stripping
  /// takes both away.
  package var hasNames = false
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
  package func export(_ name: ByteText) -> Export? { exports.first { $0.name == name } }

  package func exports(function name: ByteText) -> Bool { export(name)?.kind == .function }

  package var importedFunctions: Int { imports.count { $0.kind == .function } }

  /// Of a function by its index among all; nil if it is of no known type.
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

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
    package var module: String
    package var name: String
    package var kind: Kind

    package init(module: String, name: String, kind: Kind) {
      self.module = module
      self.name = name
      self.kind = kind
    }
  }

  package struct Export: Hashable, Sendable {
    package var name: String
    package var kind: Kind

    package init(name: String, kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  package var imports: [Import] = []
  package var exports: [Export] = []
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

  package init(
    imports: [Import] = [], exports: [Export] = [], buildID: [UInt8] = [], codeSectionOffset: UInt64? = nil
  ) {
    self.imports = imports
    self.exports = exports
    self.buildID = buildID
    self.codeSectionOffset = codeSectionOffset
  }
}

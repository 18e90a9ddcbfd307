package import DeviceProtocol
import Foundations

/// Why a module can't be an app. The words are the same wherever somebody meets them.
package enum AppProblem: Error, Equatable, Sendable {
  /// An import that devices do not offer. `module` and `item` are its names, made fit to be shown; `kind` is what the
  /// module imports.
  package struct MissingImport: Equatable, Sendable {
    package var module: String
    package var item: String
    package var kind: WebAssemblyInterface.Kind

    init(_ item: WebAssemblyInterface.Import) {
      module = item.module.shown
      self.item = item.name.shown
      kind = item.kind
    }

    /// `module.item`, for messages.
    package var name: String { "\(module).\(item)" }
  }

  /// Devices do not offer these imports; `count` is how many there are, of which the first are listed.
  case importsUnavailable([MissingImport], count: Int)
  /// Devices offer this import with another type.
  case importType(String, found: WebAssemblyFunctionType?, offered: WebAssemblyFunctionType)
  /// None of the exports of ``AppEntry`` is there.
  case noEntry
  /// The export of that name is something else than a function.
  case entryIsNoFunction(String, WebAssemblyInterface.Kind)
  /// The exported function of that name has another type than the host calls.
  case entryType(String, found: WebAssemblyFunctionType?, needed: WebAssemblyFunctionType)
  /// The module has no memory.
  case noMemory
  /// The memory is not exported as `memory`; `as` is the name under which a memory is exported, if one is.
  case memoryNotExported(as: String?)
  /// The module has more than one memory.
  case severalMemories(Int)
  /// The memory is for several threads.
  case memoryShared
  /// The memory has 64-bit addresses.
  case memory64Bit
  /// The memory's pages have another size than 64 KiB.
  case memoryPageSize
  /// The memory is larger from the start than an app's may be.
  case memoryTooLarge(pages: UInt64, limitBytes: UInt64)
  /// What the module puts into its memory at the start does not fit.
  case dataOutsideMemory(endBytes: UInt64, memoryBytes: UInt64)
  /// The module has more tables than an app may have.
  case tooManyTables(Int, limit: Int)
  /// A table has more elements from the start than an app's may have.
  case tableTooLarge(elements: UInt64, limit: UInt64)
  /// What the module puts into a table at the start does not fit.
  case elementsOutsideTable(end: UInt64, elements: UInt64)
  /// An image's header says a lower level than its imports need.
  case levelTooLow(declared: UInt32, needed: UInt32)
  /// The engine finds the code invalid; the text is the engine's.
  case invalid(String)
}

extension AppProblem {
  /// A stable word in kebab-case, for programs.
  package var reason: String {
    switch self {
    case .importsUnavailable: "host-import-unavailable"
    case .importType: "host-import-type"
    case .noEntry: "no-entry-point"
    case .entryIsNoFunction, .entryType: "entry-point-type"
    case .noMemory, .memoryNotExported: "no-memory"
    case .severalMemories: "several-memories"
    case .memoryShared: "memory-shared"
    case .memory64Bit: "memory-64-bit"
    case .memoryPageSize: "memory-page-size"
    case .memoryTooLarge: "memory-too-large"
    case .dataOutsideMemory, .elementsOutsideTable: "segment-out-of-bounds"
    case .tooManyTables, .tableTooLarge: "table-too-large"
    case .levelTooLow: "host-api-level"
    case .invalid: "webassembly-invalid"
    }
  }

  /// The names of the imports that are missing; empty for any other problem.
  package var missingImports: [String] {
    if case .importsUnavailable(let missing, _) = self { missing.map(\.name) } else { [] }
  }
}

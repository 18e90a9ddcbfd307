package import DeviceProtocol
import Foundations

/// Why a module can't be an app. The words are the same wherever somebody meets them.
package enum AppProblem: Error, Equatable, Sendable {
  package struct MissingImport: Equatable, Sendable {
    package var module: String
    package var item: String
    package var kind: WebAssemblyInterface.Kind

    init(_ item: WebAssemblyInterface.Import) {
      module = item.module.shown
      self.item = item.name.shown
      kind = item.kind
    }

    package var name: String { "\(module).\(item)" }
  }

  /// The first of them, in the module's order.
  case importsUnavailable([MissingImport], count: Int)
  case importType(String, found: WebAssemblyFunctionType?, offered: WebAssemblyFunctionType)
  case noEntry
  case entryIsNoFunction(String, WebAssemblyInterface.Kind)
  case entryType(String, found: WebAssemblyFunctionType?, needed: WebAssemblyFunctionType)
  case noMemory
  /// `as`: the name under which one is exported.
  case memoryNotExported(as: String?)
  case severalMemories(Int)
  case memoryShared
  case memory64Bit
  case memoryPageSize
  case memoryTooLarge(pages: UInt64, limitBytes: UInt64)
  /// What the module puts into its memory at the start does not fit.
  case dataOutsideMemory(endBytes: UInt64, memoryBytes: UInt64)
  case tooManyTables(Int, limit: Int)
  case tableTooLarge(elements: UInt64, limit: UInt64)
  case elementsOutsideTable(end: UInt64, elements: UInt64)
  /// An image's header says a lower level than its imports need.
  case levelTooLow(declared: UInt32, needed: UInt32)
  /// In the engine's words.
  case invalid(String)
}

extension AppProblem {
  /// Stable and kebab-case, for programs.
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

  /// Of `importsUnavailable`.
  package var missingImports: [String] {
    if case .importsUnavailable(let missing, _) = self { missing.map(\.name) } else { [] }
  }
}

import DeviceProtocol
import Foundations

/// Decides whether a module can be an app. The image store, the developer's loop and the device make this one check.
///
/// It looks at what the module asks for and offers. Whether the code itself is valid only an engine can tell; code
/// that is not is `AppProblem.invalid`.
package enum AppCheck {
  /// What an app may have from its start: `memoryBytes` of memory, and `tables` tables of at most `tableElements`
  /// elements each.
  package struct Limits: Sendable, Equatable {
    package var memoryBytes: UInt64
    package var tableElements: UInt64
    package var tables: Int

    package init(memoryBytes: UInt64 = 64 << 20, tableElements: UInt64 = 65_536, tables: Int = 16) {
      self.memoryBytes = memoryBytes
      self.tableElements = tableElements
      self.tables = tables
    }
  }

  /// Names of imports that a message holds.
  static let shownNames = 10

  /// The first thing that keeps a module from being an app; nil: nothing does.
  ///
  /// - Parameter declaredLevel: the host API level that an image's header says it needs.
  package static func problem(
    in interface: WebAssemblyInterface, limits: Limits = Limits(), declaredLevel: UInt32? = nil
  ) -> AppProblem? {
    if let problem = importProblem(interface) { return problem }
    guard AppEntry(interface) != nil else { return .noEntry }
    if let problem = entryProblem(interface) { return problem }
    if let problem = memoryProblem(interface, limits) { return problem }
    if let problem = tableProblem(interface, limits) { return problem }
    let needed = HostInterface.level(of: interface)
    if let declaredLevel, declaredLevel < needed { return .levelTooLow(declared: declaredLevel, needed: needed) }
    return nil
  }

  private static func importProblem(_ interface: WebAssemblyInterface) -> AppProblem? {
    var missing: [AppProblem.MissingImport] = []
    var count = 0
    for item in interface.imports where item.kind != .function || HostInterface.type(item.module, item.name) == nil {
      count += 1
      if missing.count < shownNames { missing.append(.init(item)) }
    }
    if count > 0 { return .importsUnavailable(missing, count: count) }
    for item in interface.imports {
      let found = item.typeIndex.flatMap { interface.types.function(at: $0) }
      guard let offered = HostInterface.type(item.module, item.name), found != offered else { continue }
      return .importType(AppProblem.MissingImport(item).name, found: found, offered: offered)
    }
    return nil
  }

  private static func entryProblem(_ interface: WebAssemblyInterface) -> AppProblem? {
    for (name, type) in AppEntry.types {
      guard let item = interface.export(name) else { continue }
      guard item.kind == .function else { return .entryIsNoFunction(name.text, item.kind) }
      let found = interface.functionType(item.index)
      if found != type { return .entryType(name.text, found: found, needed: type) }
    }
    return nil
  }

  private static func memoryProblem(_ interface: WebAssemblyInterface, _ limits: Limits) -> AppProblem? {
    guard let memory = interface.memories.first else { return .noMemory }
    guard let item = interface.export("memory"), item.kind == .memory else {
      let other = interface.exports.first { $0.kind == .memory }
      return .memoryNotExported(as: other?.name.shown)
    }
    guard interface.memories.count == 1 else { return .severalMemories(interface.memories.count) }
    if memory.isShared { return .memoryShared }
    if memory.is64Bit { return .memory64Bit }
    if memory.pageSizeExponent != nil { return .memoryPageSize }
    let pages = limits.memoryBytes / 65_536
    guard memory.minimum <= pages else { return .memoryTooLarge(pages: memory.minimum, limitBytes: limits.memoryBytes) }
    let bytes = memory.minimum * 65_536
    guard interface.memoryEndBytes <= bytes else {
      return .dataOutsideMemory(endBytes: interface.memoryEndBytes, memoryBytes: bytes)
    }
    return nil
  }

  private static func tableProblem(_ interface: WebAssemblyInterface, _ limits: Limits) -> AppProblem? {
    guard interface.tables.count <= limits.tables else {
      return .tooManyTables(interface.tables.count, limit: limits.tables)
    }
    if let largest = interface.tables.map(\.minimum).max(), largest > limits.tableElements {
      return .tableTooLarge(elements: largest, limit: limits.tableElements)
    }
    for (index, table) in interface.tables.enumerated() {
      guard let end = interface.tableEnds[UInt32(index)], end > table.minimum else { continue }
      return .elementsOutsideTable(end: end, elements: table.minimum)
    }
    return nil
  }
}

import DeviceProtocol

extension AppProblem: CustomStringConvertible {
  /// What is wrong and what to do about it, to go behind "… can't be run: ".
  package var description: String {
    switch self {
    case .importsUnavailable(let missing, let count): Self.describe(missing, count)
    case .importType(let name, let found, let offered):
      "the app imports \(name) as \(Self.text(found)), which is \(offered) on a device: declare it so"
    case .noEntry:
      "the app exports neither xtb_init and xtb_event nor _start, so there is nothing to run: export "
        + "xtb_init() -> i32 and xtb_event(i32, i32, i64, i64) -> i32, or build it as a WASI command"
    case .entryIsNoFunction(let name, let kind):
      "the app exports a \(kind) under the name \(name), which must be a function"
    case .entryType(let name, let found, let needed):
      "the app exports \(name) as \(Self.text(found)), which must be \(needed)"
    case .noMemory:
      "the app has no memory, and a device reads and writes an app's memory: give it one and export it as \"memory\", "
        + "as linkers do by themselves"
    case .memoryNotExported(let other):
      "the app does not export its memory under the name \"memory\""
        + (other.map { ", but as \"\($0)\"" } ?? "") + ": export it under that name, as linkers do by themselves"
    case .severalMemories(let count): "the app has \(count) memories, and a device gives it one: build it with one"
    case .memoryShared:
      "the app's memory is shared between threads, which a device does not give an app: build it without threads "
        + "(without -pthread, --shared-memory and the target wasm32-wasip1-threads)"
    case .memory64Bit:
      "the app's memory has 64-bit addresses, and the host API's pointers have 32 bits: build it for wasm32"
    case .memoryPageSize:
      "the app's memory has pages of another size than 64 KiB, which devices don't know: build it without "
        + "custom page sizes"
    case .memoryTooLarge(let pages, let limit):
      "the app's memory has \(Self.bytes(pages)) from its start, and at most \(limit) bytes are given: link it with a "
        + "smaller --initial-memory (and stack), or raise the limit (XTBLISH_DEVICE_APP_MEMORY_BYTES on the devices, "
        + "XTBLISH_IMAGE_STORE_APP_MEMORY_BYTES at the image store)"
    case .dataOutsideMemory(let end, let bytes):
      "the app's data reaches to byte \(end) of a memory that has \(bytes) bytes at the start, which ends it before its "
        + "first instruction: link it with a larger --initial-memory"
    case .elementsOutsideTable(let end, let elements):
      "the app puts elements into a table up to number \(end), and the table has \(elements) at the start, which ends "
        + "it before its first instruction: give the table as many"
    case .tooManyTables(let count, let limit): "the app has \(count) tables, and at most \(limit) are given"
    case .tableTooLarge(let elements, let limit):
      "a table of the app has \(elements) elements from its start, and at most \(limit) are given"
    case .levelTooLow(let declared, let needed):
      "the image says that it needs host API level \(declared), but its imports need \(needed): build it with the "
        + "right level"
    case .invalid(let words):
      "the module's code is not valid, or uses a feature of WebAssembly that devices don't have: \(words)"
    }
  }

  private static func text(_ type: WebAssemblyFunctionType?) -> String {
    type.map { "\($0)" } ?? "something that is no function's type"
  }

  /// The size of so many pages of 64 KiB, in bytes unless 64 bits can't count them.
  private static func bytes(_ pages: UInt64) -> String {
    let (bytes, isTooLarge) = pages.multipliedReportingOverflow(by: 65_536)
    return isTooLarge ? "\(pages) pages of 64 KiB" : "\(bytes) bytes"
  }

  private static func describe(_ missing: [MissingImport], _ count: Int) -> String {
    let names = missing.map(\.name).joined(separator: ", ")
    let more = count > missing.count ? " and \(count - missing.count) more" : ""
    var ways: [String] = []
    for item in missing {
      let way = Self.way(item)
      if !ways.contains(way) { ways.append(way) }
    }
    return "the app imports \(names)\(more), which nothing on a device provides: \(ways.joined(separator: "; "))"
  }

  /// What to do about one of them.
  private static func way(_ item: MissingImport) -> String {
    guard item.kind == .function else {
      return item.kind == .memory
        ? "an app brings its own memory (link without --import-memory)" : "an app imports functions only"
    }
    switch item.module {
    case HostInterface.module:
      return "\(item.name) is no call of host API level \(HostInterface.level) (docs/host-api.md); if it is one of a "
        + "later level, update the device's agent or build the app for this one"
    case HostInterface.assemblyScriptModule, "":
      return "\(item.item) is declared but no library defines it: link the one that does (wasi-libc for C's own), or, "
        + "if it is a call of the host API, declare it with import_module(\"\(HostInterface.module)\")"
    case HostInterface.wasiModule: return "\(item.item) is no function of WASI preview 1"
    case "wasi_unstable": return "build the app for WASI preview 1 (\(HostInterface.wasiModule))"
    case let module where module.hasPrefix("wasi:"):
      return "build the app for WASI preview 1 (wasm32-wasip1), not for preview 2"
    case "wbg", "__wbindgen_placeholder__": return "wasm-bindgen builds for browsers; build the app without it"
    default:
      return "apps import from \(HostInterface.module), from \(HostInterface.wasiModule) and, of AssemblyScript's, "
        + "from \(HostInterface.assemblyScriptModule)"
    }
  }
}

internal import FirmwareImage
internal import Glibc
internal import Wasmtime

/// Gets an app's module ready: from compiled code if there is some, else by compiling, and checks what it wants.
///
/// In two steps, so that between them the process gives up its rights: files are opened in the first, and what is in
/// them is trusted no more than the app itself in the second.
struct ModuleLoader {
  private let state: AppHostState
  private let wasm: [UInt8]
  /// Machine code of this very module, if it was kept.
  private let code: [UInt8]?
  /// Where to keep it, if it was not.
  private let file: CompiledCodeFile?

  struct Loaded {
    var module: Module
    var entry: AppEntry
    /// It may wait or print by WASI, for which the engine starts threads of its own.
    var usesWASI: Bool
  }

  /// Reads the files.
  init(state: AppHostState) throws(AppEndingError) {
    self.state = state
    wasm = try Self.read(state.launch)
    var (code, file): ([UInt8]?, CompiledCodeFile?)
    do {
      let cache = try CompiledCodeCache(
        path: state.launch.compiledCachePath, enginePath: state.enginePath, engineVersion: EngineLibrary.version,
        settings: "\(state.launch.engineConfiguration)", wasm: wasm)
      code = try cache.load()
      file = code == nil ? try cache.makeFile() : nil
    } catch {
      Self.note(error, state)
    }
    (self.code, self.file) = (code, file)
  }

  var wasmBytes: Int { wasm.count }

  /// Opens no file.
  func load() throws(AppEndingError) -> Loaded {
    let module = try compile()
    return Loaded(
      module: module, entry: try check(module),
      usesWASI: module.imports.contains { $0.module == HostAPI.wasiModule })
  }

  private static func read(_ launch: AppLaunch) throws(AppEndingError) -> [UInt8] {
    let path = launch.modulePath
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .hostFailed("open \(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    let offset = Int(clamping: launch.moduleOffsetBytes)
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= offset,
      let bytes = readAll(descriptor, from: offset, count: Int(status.st_size) - offset)
    else { throw .hostFailed("\(path) is shorter than the image's head, or can't be read") }
    return bytes
  }

  private func compile() throws(AppEndingError) -> Module {
    let engine = state.engine
    if let code, let module = try? unsafe Module(engine: engine, trustedCode: code) { return module }
    let module: Module
    do throws(WasmtimeError) {
      module = try Module(engine: engine, wasm: wasm)
    } catch {
      throw .startFailed("the module is damaged or not WebAssembly that this device knows: \(error)")
    }
    do {
      try file?.store(module.serialized())
    } catch {
      Self.note(error, state)
    }
    return module
  }

  private static func note(_ error: any Error, _ state: AppHostState) {
    state.log.note(.warning, "can't keep the compiled code, so the next start compiles again: \(error)")
  }

  private func check(_ module: Module) throws(AppEndingError) -> AppEntry {
    let interface = WebAssemblyInterface(
      imports: module.imports.map { item in
        WebAssemblyInterface.Import(module: item.module, name: item.name, kind: item.type.kind)
      },
      exports: module.exports.map { WebAssemblyInterface.Export(name: $0.name, kind: $0.type.kind) })
    if let objection = HostAPI.objection(to: interface) { throw .startFailed(objection) }

    let offered = Dictionary(uniqueKeysWithValues: HostAPI.functions.map { ("\($0.module).\($0.name)", $0.type) })
    for item in module.imports {
      let name = "\(item.module).\(item.name)"
      guard let type = offered[name], item.type != .function(type) else { continue }
      throw .startFailed("the app imports \(name) as \(item.type.signature), which is \(type) here")
    }
    var types: [String: Module.ItemType] = [:]
    for item in module.exports { types[item.name] = item.type }
    for (name, type) in Self.entryTypes {
      guard let found = types[name], found != .function(type) else { continue }
      throw .startFailed("the app exports \(name) as \(found.signature), which must be \(type)")
    }
    guard types["memory"] == .memory else {
      throw .startFailed("the app does not export its memory under the name \"memory\"")
    }
    guard let entry = AppEntry(functions: Set(types.keys)) else { throw .startFailed(AppEntry.advice) }
    return entry
  }

  private static let entryTypes = [
    "_initialize": FunctionType([], []), "xtb_init": FunctionType([], [.i32]),
    "xtb_event": FunctionType([.i32, .i32, .i64, .i64], [.i32]), "_start": FunctionType([], []),
  ]
}

/// An ending on its way up.
struct AppEndingError: Error {
  var ending: AppEnding

  init(_ ending: AppEnding) {
    self.ending = ending
  }

  static func startFailed(_ reason: String) -> AppEndingError { AppEndingError(.startFailed(reason: reason)) }
  static func hostFailed(_ reason: String) -> AppEndingError { AppEndingError(.hostFailed(reason: reason)) }
}

extension Module.ItemType {
  /// For people.
  var signature: String {
    if case .function(let type) = self { "\(type)" } else { "\(self)" }
  }

  var kind: WebAssemblyInterface.Kind {
    switch self {
    case .function: .function
    case .global, .unknown: .global
    case .table: .table
    case .memory: .memory
    }
  }
}

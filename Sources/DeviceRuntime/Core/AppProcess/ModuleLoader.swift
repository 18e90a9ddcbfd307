internal import FirmwareImage
internal import Glibc
internal import Wasmtime

/// Gets an app's module ready: from compiled code if there is some, else by compiling, and checks what it wants.
struct ModuleLoader {
  let state: AppHostState

  struct Loaded {
    var module: Module
    var entry: AppEntry
  }

  func load() throws(AppEndingError) -> Loaded {
    let wasm = try read()
    let module = try module(from: wasm)
    return try Loaded(module: module, entry: check(module))
  }

  private func read() throws(AppEndingError) -> [UInt8] {
    let path = state.launch.modulePath
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .hostFailed("open \(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    let offset = Int(clamping: state.launch.moduleOffsetBytes)
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= offset,
      let bytes = readAll(descriptor, from: offset, count: Int(status.st_size) - offset)
    else { throw .hostFailed("\(path) is shorter than the image's head, or can't be read") }
    return bytes
  }

  private func module(from wasm: [UInt8]) throws(AppEndingError) -> Module {
    let engine = state.engine
    let cache = try? CompiledCodeCache(
      path: state.launch.compiledCachePath, enginePath: state.enginePath, engineVersion: EngineLibrary.version,
      settings: "\(state.launch.engineConfiguration)", wasm: wasm)
    if let code = try? cache?.load(), let module = try? unsafe Module(engine: engine, trustedCode: code) {
      return module
    }
    let module: Module
    do throws(WasmtimeError) {
      module = try Module(engine: engine, wasm: wasm)
    } catch {
      throw .startFailed("the module is damaged or not WebAssembly that this device knows: \(error)")
    }
    do {
      try cache?.store(module.serialized())
    } catch {
      state.log.note(.warning, "can't keep the compiled code, so the next start compiles again: \(error)")
    }
    return module
  }

  private func check(_ module: Module) throws(AppEndingError) -> AppEntry {
    let interface = WebAssemblyInterface(
      imports: module.imports.map { item in
        WebAssemblyInterface.Import(module: item.module, name: item.name, kind: item.type.kind)
      },
      exports: module.exports.map { WebAssemblyInterface.Export(name: $0.name, kind: $0.type.kind) })
    if let objection = HostAPI.objection(to: interface) { throw .startFailed(objection) }

    let offered = Dictionary(uniqueKeysWithValues: HostAPI.functions.map { ($0.name, $0.type) })
    for item in module.imports where item.module == HostAPI.module {
      guard let type = offered[item.name], item.type != .function(type) else { continue }
      throw .startFailed("the app imports xtb1.\(item.name) as \(item.type.signature), which is \(type) here")
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

import AppLink
import DeviceProtocol
import Foundations
import Glibc
import Wasmtime
import WebAssemblyModule

/// Gets an app's module ready: from compiled code if there is some, else by compiling, and checks what it wants.
///
/// In two steps, so that between them the process gives up its rights: files are opened in the first, and what is in
/// them is trusted no more than the app itself in the second.
struct ModuleLoader {
  private let state: AppHostState
  private let wasm: [UInt8]
  /// Machine code of this very module, if it was kept.
  private let code: [UInt8]?
  /// The file to keep the code in, if it was not kept.
  private let file: CompiledCodeFile?

  struct Loaded {
    var module: Module
    var entry: AppEntry
    /// Whether the app may wait or print by WASI, for which the engine starts threads of its own.
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
      code = cache.load()
      file = code == nil ? try cache.makeFile() : nil
    } catch {
      Self.note(error, state)
    }
    (self.code, self.file) = (code, file)
  }

  var wasmBytes: Int { wasm.count }

  /// Opens no file.
  func load() throws(AppEndingError) -> Loaded {
    let interface: WebAssemblyInterface
    do throws(WebAssemblyError) {
      interface = try WebAssemblyModule.interface(of: wasm)
    } catch {
      throw .startFailed("\(error)")
    }
    if let problem = AppCheck.problem(in: interface, limits: state.launch.limits.check) {
      throw .startFailed(problem.description)
    }
    guard let entry = AppEntry(interface) else { throw .startFailed(AppProblem.noEntry.description) }
    for warning in AppWarning.of(interface) { state.log.note(.warning, warning.description) }
    let wasi = ByteText(HostInterface.wasiModule)
    return Loaded(module: try compile(), entry: entry, usesWASI: interface.imports.contains { $0.module == wasi })
  }

  private static func read(_ launch: AppLaunch) throws(AppEndingError) -> [UInt8] {
    let path = launch.modulePath
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .hostFailed("open \(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    let offset = Int(clamping: launch.moduleOffsetBytes)
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= offset,
      let bytes = readBytes(of: descriptor, from: offset, count: Int(status.st_size) - offset)
    else { throw .hostFailed("\(path) is shorter than the image's head, or can't be read") }
    return bytes
  }

  private func compile() throws(AppEndingError) -> Module {
    let engine = state.engine
    if let code, let module = try? unsafe Module(engine: engine, trustedCode: code) { return module }
    let module: Module
    do throws(WasmtimeError) {
      // By itself, so that its words are those that the image store has of the same engine.
      try Module.validate(wasm, engine: engine)
      module = try Module(engine: engine, wasm: wasm)
    } catch {
      throw .startFailed(AppProblem.invalid(error.message).description)
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

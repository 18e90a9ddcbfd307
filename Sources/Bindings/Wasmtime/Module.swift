import CWasmtime

/// A compiled module.
@safe package final class Module: Sendable {
  // Immutable once made, and counted by the engine itself: any thread may use it.
  nonisolated(unsafe) let handle: OpaquePointer
  private let engine: Engine

  /// Throws `invalidModule` if the bytes are no module, or one that this engine would not compile. Nothing is
  /// compiled.
  ///
  /// What a module imports and exports is not asked of the engine: its C API ends the process at types that it does
  /// not know.
  package static func validate(_ wasm: [UInt8], engine: Engine) throws(WasmtimeError) {
    let error = unsafe wasm.withUnsafeBufferPointer { bytes in
      unsafe wasmtime_module_validate(engine.handle, bytes.baseAddress, bytes.count)
    }
    if let error = unsafe error { throw unsafe WasmtimeError(.invalidModule, taking: error) }
  }

  /// Validates and compiles. Takes milliseconds for each hundred KiB and can't be interrupted.
  package convenience init(engine: Engine, wasm: [UInt8]) throws(WasmtimeError) {
    try unsafe self.init(engine, .invalidModule) { handle in
      unsafe wasm.withUnsafeBufferPointer { bytes in
        unsafe wasmtime_module_new(engine.handle, bytes.baseAddress, bytes.count, &handle)
      }
    }
  }

  /// Loads what `serialized()` gave. The bytes are machine code and are run as such: give only what this program has
  /// itself compiled and has kept where nobody else writes. Code of another engine or setting is refused.
  @unsafe package convenience init(engine: Engine, trustedCode: [UInt8]) throws(WasmtimeError) {
    try unsafe self.init(engine, .incompatibleCode) { handle in
      unsafe trustedCode.withUnsafeBufferPointer { bytes in
        unsafe wasmtime_module_deserialize(engine.handle, bytes.baseAddress, bytes.count, &handle)
      }
    }
  }

  private init(
    _ engine: Engine, _ kind: WasmtimeError.Kind, make: (inout OpaquePointer?) -> OpaquePointer?
  ) throws(WasmtimeError) {
    var made: OpaquePointer?
    if let error = unsafe make(&made) { throw unsafe WasmtimeError(kind, taking: error) }
    guard let handle = unsafe made else { throw WasmtimeError(kind, "the engine gave no module and no reason") }
    unsafe self.handle = unsafe handle
    self.engine = engine
  }

  deinit {
    unsafe wasmtime_module_delete(handle)
  }

  /// The compiled machine code, which ``init(engine:trustedCode:)`` loads again later without compiling.
  package func serialized() throws(WasmtimeError) -> [UInt8] {
    var bytes = unsafe wasm_byte_vec_t()
    if let error = unsafe wasmtime_module_serialize(handle, &bytes) {
      throw unsafe WasmtimeError(.other, taking: error)
    }
    let code = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes.data, count: bytes.size))
    unsafe wasm_byte_vec_delete(&bytes)
    return code
  }
}

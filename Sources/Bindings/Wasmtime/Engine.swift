import CWasmtime

/// Compiles modules, and counts the epoch by which running code is interrupted: see ``incrementEpoch()``.
@safe package final class Engine: Sendable {
  // The engine is the one object of Wasmtime, with its modules, that any thread may use at any time.
  nonisolated(unsafe) let handle: OpaquePointer

  /// `EngineLibrary.load` must have succeeded before.
  package init(_ configuration: EngineConfiguration = EngineConfiguration()) throws(WasmtimeError) {
    let config = try unsafe configuration.makeHandle()
    guard let handle = unsafe wasm_engine_new_with_config(config) else {
      throw WasmtimeError(.invalidConfiguration, "the engine does not start with \(configuration)")
    }
    unsafe self.handle = unsafe handle
  }

  deinit {
    unsafe wasm_engine_delete(handle)
  }

  /// Advances the epoch of every store of the engine by one tick; code that has reached its store's deadline then
  /// traps with `.interrupt`. Any thread may call it.
  package func incrementEpoch() {
    unsafe wasmtime_engine_increment_epoch(handle)
  }
}

import CWasmtime

/// The host functions that modules may import. It may be used by one thread at a time.
@safe package final class Linker {
  private let handle: OpaquePointer
  private let engine: Engine
  private let found = FoundMemory()

  package init(engine: Engine) {
    unsafe handle = wasmtime_linker_new(engine.handle)
    self.engine = engine
  }

  deinit {
    unsafe wasmtime_linker_delete(handle)
  }

  /// Offers a function of at most one result. Its body lives as long as the linker or a store that it was linked into.
  package func define(
    module: String, name: String, type: FunctionType, body: @escaping HostFunctionBody
  ) throws(WasmtimeError) {
    let functionType = unsafe type.makeHandle()
    defer { unsafe wasm_functype_delete(functionType) }
    // The engine releases the box, also when it refuses the definition.
    let environment = unsafe Unmanaged.passRetained(HostFunctionBox(type: type, found: found, body: body)).toOpaque()
    let error = unsafe withUTF8CharacterBuffers(module, name) { module, name in
      unsafe wasmtime_linker_define_func_unchecked(
        handle, module.baseAddress, module.count, name.baseAddress, name.count, functionType, callHostFunction,
        environment, releaseHostFunction)
    }
    if let error = unsafe error { throw unsafe WasmtimeError(.linking, taking: error) }
  }

  /// Offers WASI preview 1. What apps see through it is the store's: see ``Store/setWASI(_:)``.
  package func defineWASI() throws(WasmtimeError) {
    if let error = unsafe wasmtime_linker_define_wasi(handle) { throw unsafe WasmtimeError(.linking, taking: error) }
  }

  /// Lets a definition replace an earlier one of its name from here on, instead of being refused.
  package func allowReplacing() {
    unsafe wasmtime_linker_allow_shadowing(handle, true)
  }

  /// Makes an instance and runs the module's start function. The store's epoch deadline must be set before, or that
  /// traps.
  package func instantiate(_ module: Module, in store: Store) throws(WasmtimeCallFailure) -> Instance {
    found.addInstance()
    var instance = wasmtime_instance_t()
    var trap: OpaquePointer?
    let error = unsafe wasmtime_linker_instantiate(handle, store.context, module.handle, &instance, &trap)
    if let failure = unsafe WasmtimeCallFailure(takingError: error, trap: trap, kind: .linking) { throw failure }
    return Instance(instance, in: store)
  }
}

/// Both strings' UTF-8 bytes, valid during `body`.
func withUTF8CharacterBuffers<Result>(
  _ first: String, _ second: String = "",
  _ body: (UnsafeBufferPointer<CChar>, UnsafeBufferPointer<CChar>) -> Result
) -> Result {
  let first = first.utf8.map { CChar(bitPattern: $0) }
  let second = second.utf8.map { CChar(bitPattern: $0) }
  return unsafe first.withUnsafeBufferPointer { first in
    unsafe second.withUnsafeBufferPointer { second in unsafe body(first, second) }
  }
}

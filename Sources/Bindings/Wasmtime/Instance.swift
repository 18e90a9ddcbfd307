import CWasmtime

/// A module that has been linked and started in a store. It may be used on the store's thread alone.
package struct Instance {
  private let handle: wasmtime_instance_t
  private let store: Store

  init(_ handle: wasmtime_instance_t, in store: Store) {
    self.handle = handle
    self.store = store
  }

  /// The exported function, or nil if nothing of that name, or no function, is exported.
  package func function(named name: String) -> Function? {
    guard let item = unsafe export(name), unsafe item.kind == UInt8(WASM_EXTERN_FUNC) else { return nil }
    return unsafe Function(item.of.func, in: store)
  }

  /// Bytes of the exported memory, or nil if any is outside it or there is none.
  package func read(_ memory: String = "memory", at pointer: UInt32, count: UInt32) -> [UInt8]? {
    guard let item = unsafe export(memory), unsafe item.kind == UInt8(WASM_EXTERN_MEMORY) else { return nil }
    return unsafe MemoryView(context: store.context, memory: item.of.memory).read(at: pointer, count: count)
  }

  /// Writes into the exported memory. False, and nothing written, if any byte would be outside it.
  package func write(_ bytes: [UInt8], to memory: String = "memory", at pointer: UInt32) -> Bool {
    guard let item = unsafe export(memory), unsafe item.kind == UInt8(WASM_EXTERN_MEMORY) else { return false }
    let view = unsafe MemoryView(context: store.context, memory: item.of.memory)
    return unsafe bytes.withUnsafeBytes { unsafe view.write($0, at: pointer) }
  }

  private func export(_ name: String) -> wasmtime_extern_t? {
    var instance = handle
    var item = unsafe wasmtime_extern_t()
    let found = unsafe withUTF8CharacterBuffers(name) { name, _ in
      unsafe wasmtime_instance_export_get(store.context, &instance, name.baseAddress, name.count, &item)
    }
    return unsafe found ? item : nil
  }
}

/// An exported function and its `type`. It may be called on the store's thread alone.
@safe package struct Function {
  package let type: FunctionType
  private let handle: wasmtime_func_t
  private let store: Store

  init(_ handle: wasmtime_func_t, in store: Store) {
    var function = unsafe handle
    let functionType = unsafe wasmtime_func_type(store.context, &function)
    type = unsafe FunctionType(copying: functionType)
    unsafe wasm_functype_delete(functionType)
    unsafe self.handle = unsafe handle
    self.store = store
  }

  /// Runs it on this thread, for as long as the store's epoch deadline allows.
  package func callAsFunction(_ arguments: Value...) throws(WasmtimeCallFailure) -> [Value] {
    guard arguments.map(\.type) == type.parameters else {
      throw .failed(WasmtimeError(.wrongCall, "the function is \(type), not callable with \(arguments)"))
    }
    var slots = unsafe arguments.map { unsafe $0.raw }
    while unsafe slots.count < type.slots { unsafe slots.append(wasmtime_val_raw_t()) }
    var function = unsafe handle
    var trap: OpaquePointer?
    let error = unsafe wasmtime_func_call_unchecked(store.context, &function, &slots, slots.count, &trap)
    if let failure = unsafe WasmtimeCallFailure(takingError: error, trap: trap, kind: .other) { throw failure }

    var results: [Value] = []
    for (index, type) in type.results.enumerated() {
      guard let value = unsafe Value(slots[index], type: type) else {
        throw .failed(WasmtimeError(.wrongCall, "a result of \(type) can't be taken by the host"))
      }
      results.append(value)
    }
    return results
  }
}

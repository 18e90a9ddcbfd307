import CWasmtime

/// Compiled WebAssembly.
@safe package final class Module: Sendable {
  /// A thing that the module needs from outside or shows to the outside.
  package enum ItemType: Sendable, Equatable {
    case function(FunctionType)
    case global
    case table
    case memory
    case unknown(UInt8)
  }

  package struct Import: Sendable, Equatable {
    package var module: String
    package var name: String
    package var type: ItemType

    package init(module: String, name: String, type: ItemType) {
      self.module = module
      self.name = name
      self.type = type
    }
  }

  package struct Export: Sendable, Equatable {
    package var name: String
    package var type: ItemType

    package init(name: String, type: ItemType) {
      self.name = name
      self.type = type
    }
  }

  // Immutable once made, and counted by the engine itself: any thread may use it.
  nonisolated(unsafe) let handle: OpaquePointer
  private let engine: Engine

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

  /// The machine code, to be loaded again later.
  package func serialized() throws(WasmtimeError) -> [UInt8] {
    var bytes = unsafe wasm_byte_vec_t()
    if let error = unsafe wasmtime_module_serialize(handle, &bytes) {
      throw unsafe WasmtimeError(.other, taking: error)
    }
    let code = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes.data, count: bytes.size))
    unsafe wasm_byte_vec_delete(&bytes)
    return code
  }

  package var imports: [Import] {
    var vector = unsafe wasm_importtype_vec_t()
    unsafe wasmtime_module_imports(handle, &vector)
    var imports: [Import] = []
    for index in unsafe 0..<vector.size {
      guard let item = unsafe vector.data?[index] else { continue }
      unsafe imports.append(
        Import(
          module: String(copying: wasm_importtype_module(item).pointee),
          name: String(copying: wasm_importtype_name(item).pointee), type: ItemType(wasm_importtype_type(item))))
    }
    unsafe wasm_importtype_vec_delete(&vector)
    return imports
  }

  package var exports: [Export] {
    var vector = unsafe wasm_exporttype_vec_t()
    unsafe wasmtime_module_exports(handle, &vector)
    var exports: [Export] = []
    for index in unsafe 0..<vector.size {
      guard let item = unsafe vector.data?[index] else { continue }
      unsafe exports.append(
        Export(name: String(copying: wasm_exporttype_name(item).pointee), type: ItemType(wasm_exporttype_type(item))))
    }
    unsafe wasm_exporttype_vec_delete(&vector)
    return exports
  }
}

extension Module.ItemType {
  init(_ type: OpaquePointer) {
    let kind = unsafe wasm_externtype_kind(type)
    switch Int(kind) {
    case WASM_EXTERN_FUNC:
      self =
        unsafe wasm_externtype_as_functype_const(type).map { unsafe .function(FunctionType(copying: $0)) }
        ?? .unknown(kind)
    case WASM_EXTERN_GLOBAL: self = .global
    case WASM_EXTERN_TABLE: self = .table
    case WASM_EXTERN_MEMORY: self = .memory
    default: self = .unknown(kind)
    }
  }
}

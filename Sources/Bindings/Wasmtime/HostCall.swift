import CWasmtime

/// A call of an app to a host function: its arguments and, while it lasts, the app's memory.
@safe package struct HostCall: ~Copyable {
  private let caller: OpaquePointer
  private let slots: UnsafeMutablePointer<wasmtime_val_raw_t>?
  private let found: FoundMemory

  init(caller: OpaquePointer, slots: UnsafeMutablePointer<wasmtime_val_raw_t>?, found: FoundMemory) {
    unsafe self.caller = unsafe caller
    unsafe self.slots = unsafe slots
    self.found = found
  }

  /// Argument `index`, which the function's type says is an i32.
  package func i32(_ index: Int) -> Int32 { unsafe slots?[index].i32 ?? 0 }

  /// Argument `index`, which the function's type says is an i64.
  package func i64(_ index: Int) -> Int64 { unsafe slots?[index].i64 ?? 0 }

  /// Argument `index`, which the function's type says is an f64.
  package func f64(_ index: Int) -> Double { Double(bitPattern: UInt64(bitPattern: i64(index))) }

  /// Bytes of the app's exported `memory`, or nil if any of them is outside it or there is none.
  package func read(at pointer: Int32, count: Int32) -> [UInt8]? {
    memory()?.read(at: UInt32(bitPattern: pointer), count: UInt32(bitPattern: count))
  }

  /// Writes into the app's exported `memory`. False, and nothing written, if any byte would be outside it.
  package func write(_ bytes: [UInt8], at pointer: Int32) -> Bool {
    unsafe bytes.withUnsafeBytes { unsafe memory()?.write($0, at: UInt32(bitPattern: pointer)) ?? false }
  }

  /// Writes two numbers, 16 bytes, little-endian, as `write(_:at:)` does.
  package func write(_ first: Int64, _ second: Int64, at pointer: Int32) -> Bool {
    unsafe withUnsafeBytes(of: (first.littleEndian, second.littleEndian)) { bytes in
      unsafe memory()?.write(bytes, at: UInt32(bitPattern: pointer)) ?? false
    }
  }

  /// Whether that many bytes from there on are inside the app's exported `memory`.
  package func contains(_ pointer: Int32, count: Int32) -> Bool {
    memory()?.contains(UInt32(bitPattern: pointer), count: UInt32(bitPattern: count)) ?? false
  }

  /// Size of the app's exported `memory`; 0 if there is none.
  package var memoryBytes: Int { memory()?.sizeBytes ?? 0 }

  private func memory() -> MemoryView? {
    if let memory = found.memory {
      return unsafe MemoryView(context: wasmtime_caller_context(caller), memory: memory)
    }
    let name: StaticString = "memory"
    var item = unsafe wasmtime_extern_t()
    let isThere = name.withUTF8Buffer { text in
      unsafe text.withMemoryRebound(to: CChar.self) { text in
        unsafe wasmtime_caller_export_get(caller, text.baseAddress, text.count, &item)
      }
    }
    guard isThere else { return nil }
    guard unsafe item.kind == UInt8(WASM_EXTERN_MEMORY) else {
      unsafe wasmtime_extern_delete(&item)
      return nil
    }
    let memory = unsafe item.of.memory
    found.keep(memory)
    return unsafe MemoryView(context: wasmtime_caller_context(caller), memory: memory)
  }
}

/// Where the exported memory of a linker's instance is, so that not each call looks for it by name. Growing does not
/// change it. For the store's thread.
final class FoundMemory {
  private(set) var memory: wasmtime_memory_t?
  private var instances = 0

  /// Remembers where the memory is, if there is one instance alone.
  func keep(_ memory: wasmtime_memory_t) {
    if instances == 1 { self.memory = memory }
  }

  /// Another instance has another memory, so with two of them each call looks for its own.
  func addInstance() {
    instances += 1
    memory = nil
  }
}

/// Thrown by a host function to end the app with a trap, whose text is `message`.
package struct HostTrap: Error {
  package var message: String

  package init(_ message: String) {
    self.message = message
  }
}

/// What a host function does. The result must be of the function's result type, or nil if it has none.
package typealias HostFunctionBody = (borrowing HostCall) throws(HostTrap) -> Value?

/// What the engine keeps for a host function that was defined, and gives back at each call.
final class HostFunctionBox {
  let result: ValueType?
  let found: FoundMemory
  let body: HostFunctionBody

  init(type: FunctionType, found: FoundMemory, body: @escaping HostFunctionBody) {
    result = type.results.first
    self.found = found
    self.body = body
  }
}

/// What the engine calls for every host function: a C function, with the box as its environment.
///
/// - Returns: nil, or a trap that the engine takes over.
func callHostFunction(
  _ environment: UnsafeMutableRawPointer?, _ caller: OpaquePointer, _ slots: UnsafeMutablePointer<wasmtime_val_raw_t>?,
  _ count: Int
) -> OpaquePointer? {
  guard let environment = unsafe environment else { return unsafe makeTrap("host function without a body") }
  return unsafe Unmanaged<HostFunctionBox>.fromOpaque(environment)._withUnsafeGuaranteedRef { box in
    unsafe call(box, caller, slots)
  }
}

private func call(
  _ box: HostFunctionBox, _ caller: OpaquePointer, _ slots: UnsafeMutablePointer<wasmtime_val_raw_t>?
) -> OpaquePointer? {
  do {
    let result = try box.body(unsafe HostCall(caller: caller, slots: slots, found: box.found))
    guard result?.type == box.result else { return unsafe makeTrap("host function of a wrong type") }
    if let result { unsafe slots?[0] = result.raw }
    return nil
  } catch {
    return unsafe makeTrap(error.message)
  }
}

/// What the engine calls when a host function is no longer defined anywhere.
func releaseHostFunction(_ environment: UnsafeMutableRawPointer?) {
  if let environment = unsafe environment { unsafe Unmanaged<HostFunctionBox>.fromOpaque(environment).release() }
}

private func makeTrap(_ message: String) -> OpaquePointer {
  var message = message
  return message.withUTF8 { text in
    unsafe text.withMemoryRebound(to: CChar.self) { text in
      unsafe wasmtime_trap_new(text.baseAddress, text.count)
    }
  }
}

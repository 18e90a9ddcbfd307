import CWasmtime

/// Settings of an engine. Compiled code loads only into an engine with the same ones.
package struct EngineConfiguration: Sendable, Equatable {
  /// Stack of WebAssembly code, in bytes. The thread that calls needs this and some 256 KiB more.
  package var maximumStackBytes: Int
  /// Whether each memory reserves 4 GiB of address space (not of memory), so that its accesses need no check of
  /// bounds in the code.
  package var reservesAddressSpace: Bool
  /// Whether a module's functions are compiled on several threads.
  package var compilesInParallel: Bool

  /// What ``maximumStackBytes`` may be. It is checked here because the engine ends the process at a stack that its
  /// own settings don't allow.
  package static let stackBytes = 16 << 10...1 << 20

  package init(
    maximumStackBytes: Int = 512 << 10, reservesAddressSpace: Bool = true, compilesInParallel: Bool = true
  ) {
    self.maximumStackBytes = maximumStackBytes
    self.reservesAddressSpace = reservesAddressSpace
    self.compilesInParallel = compilesInParallel
  }

  /// The engine's form of it; owned by the caller.
  func makeHandle() throws(WasmtimeError) -> OpaquePointer {
    guard Self.stackBytes.contains(maximumStackBytes) else {
      throw WasmtimeError(
        .invalidConfiguration,
        "a stack of \(maximumStackBytes) bytes is out of range: give \(Self.stackBytes.lowerBound) to "
          + "\(Self.stackBytes.upperBound)")
    }
    let config = unsafe wasm_config_new()
    unsafe wasmtime_config_epoch_interruption_set(config, true)
    unsafe wasmtime_config_parallel_compilation_set(config, compilesInParallel)
    unsafe wasmtime_config_max_wasm_stack_set(config, maximumStackBytes)
    if !reservesAddressSpace {
      unsafe wasmtime_config_memory_reservation_set(config, 0)
      unsafe wasmtime_config_memory_guard_size_set(config, 0)
      unsafe wasmtime_config_memory_reservation_for_growth_set(config, 0)
    }
    return unsafe config
  }
}

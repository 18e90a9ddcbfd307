import CWasmtime

/// What instances live in: their memories, their limits, their deadline. It may be used by one thread at a time.
@safe package final class Store {
  /// What each instance of a store may use: at most `memories` memories of `memoryBytes` each, and `tables` tables of
  /// `tableElements` elements each. The store holds one instance.
  package struct Limits: Sendable, Equatable {
    /// Bytes of each memory.
    package var memoryBytes: Int
    /// Elements of each table.
    package var tableElements: Int
    package var tables: Int
    package var memories: Int

    package init(memoryBytes: Int, tableElements: Int = 65_536, tables: Int = 16, memories: Int = 1) {
      self.memoryBytes = memoryBytes
      self.tableElements = tableElements
      self.tables = tables
      self.memories = memories
    }
  }

  private let handle: OpaquePointer
  private let engine: Engine

  package init(engine: Engine, limits: Limits) {
    unsafe handle = wasmtime_store_new(engine.handle, nil, nil)
    self.engine = engine
    unsafe wasmtime_store_limiter(
      handle, Int64(limits.memoryBytes), Int64(limits.tableElements), 1, Int64(limits.tables), Int64(limits.memories))
  }

  deinit {
    unsafe wasmtime_store_delete(handle)
  }

  var context: OpaquePointer { unsafe wasmtime_store_context(handle) }

  /// Sets the deadline: a call traps once the engine's epoch has grown by `ticks` from now. Without one the first
  /// call traps.
  package func setEpochDeadline(ticks: UInt64) {
    unsafe wasmtime_context_set_epoch_deadline(context, ticks)
  }

  /// Gives the store's instances a WASI environment. It is called at most once, before a module is instantiated.
  package func setWASI(_ configuration: WASIConfiguration) throws(WasmtimeError) {
    let config = try unsafe configuration.makeHandle()
    // Takes the configuration, whatever it answers.
    if let error = unsafe wasmtime_context_set_wasi(context, config) {
      throw unsafe WasmtimeError(.invalidConfiguration, taking: error)
    }
  }
}

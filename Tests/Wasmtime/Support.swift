import TestSupport
import Wasmtime

/// An engine with the library that `make engine` puts beside the built products.
func makeEngine(_ configuration: EngineConfiguration = EngineConfiguration()) throws -> Engine {
  try EngineLibrary.load(path: "\(productsDirectory())/libwasmtime.so")
  return try Engine(configuration)
}

func makeModule(_ text: String, in engine: Engine) async throws -> Module {
  try await Module(engine: engine, wasm: assemble(text))
}

/// A store that allows a second's worth of ticks to whoever ticks each millisecond.
func makeStore(_ engine: Engine, memoryBytes: Int = 1 << 20) -> Store {
  let store = Store(engine: engine, limits: Store.Limits(memoryBytes: memoryBytes))
  store.setEpochDeadline(ticks: 1000)
  return store
}

/// The trap that `body` ends with, or nil if it ends in another way.
func trap(_ body: () throws -> Void) -> Trap? {
  do {
    try body()
    return nil
  } catch WasmtimeCallFailure.trap(let trap) {
    return trap
  } catch {
    return nil
  }
}

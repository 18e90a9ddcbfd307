import CWasmtime
import Synchronization

/// The engine's shared object. It is opened once in a process and never closed.
package enum EngineLibrary {
  /// The version that this program calls. The object itself does not tell its own; a wrong one lacks functions or
  /// refuses compiled code.
  package static let version = WASMTIME_VERSION

  private static let loading = Mutex(())

  /// Opens the library. Nothing else of this module may be used before this has returned; a further call does
  /// nothing.
  ///
  /// - Throws: `engineUnavailable` if the file can't be opened or lacks functions that this program calls.
  package static func load(path: String) throws(WasmtimeError) {
    let message: String? = loading.withLock { _ in
      unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
        guard let base = buffer.baseAddress, unsafe wasmtime_load(path, base, buffer.count) != 0 else { return nil }
        return unsafe String(cString: base)
      }
    }
    guard let message else { return }
    throw WasmtimeError(
      .engineUnavailable,
      "can't open the WebAssembly engine: \(message). Fetch Wasmtime \(version) with `make engine`, or name its "
        + "libwasmtime.so in XTBLISH_ENGINE")
  }
}

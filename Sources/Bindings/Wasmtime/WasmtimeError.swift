import CWasmtime

/// What the engine refused to do, and as which `kind` of failure.
package struct WasmtimeError: Error, Equatable, CustomStringConvertible {
  /// What was wrong: the engine, its settings, a module, or how something was called.
  package enum Kind: Sendable {
    /// The engine's library is missing or is another version.
    case engineUnavailable
    case invalidConfiguration
    /// Not WebAssembly, or WebAssembly that does not validate.
    case invalidModule
    /// Compiled code of another engine, of other settings, or damaged.
    case incompatibleCode
    /// An import that nothing was defined for, a wrong type, a limit that instantiation already exceeds.
    case linking
    /// The arguments or results of a call do not fit the function's type.
    case wrongCall
    case other
  }

  package var kind: Kind
  /// The engine's own words.
  package var message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }
}

/// How a call into WebAssembly ended, other than by returning.
package enum WasmtimeCallFailure: Error, Equatable {
  case trap(Trap)
  /// WASI's `proc_exit`.
  case exit(status: Int32)
  case failed(WasmtimeError)
}

extension WasmtimeError {
  /// Takes the engine's error, which must not be used afterwards.
  init(_ kind: Kind, taking error: OpaquePointer) {
    var bytes = unsafe wasm_byte_vec_t()
    unsafe wasmtime_error_message(error, &bytes)
    self.init(kind, unsafe String(copying: bytes))
    unsafe wasm_byte_vec_delete(&bytes)
    unsafe wasmtime_error_delete(error)
  }
}

extension WasmtimeCallFailure {
  /// What a call into WebAssembly gave back, both of which must not be used afterwards; nil for success.
  init?(takingError error: OpaquePointer?, trap: OpaquePointer?, kind: WasmtimeError.Kind) {
    if let trap = unsafe trap {
      self = unsafe .trap(Trap(taking: trap))
    } else if let error = unsafe error {
      var status: Int32 = 0
      if unsafe wasmtime_error_exit_status(error, &status) {
        unsafe wasmtime_error_delete(error)
        self = .exit(status: status)
      } else if let trap = unsafe Trap(ofHost: error) {
        unsafe wasmtime_error_delete(error)
        self = .trap(trap)
      } else {
        self = unsafe .failed(WasmtimeError(kind, taking: error))
      }
    } else {
      return nil
    }
  }
}

extension String {
  /// A copy of the engine's text, which may or may not end in a zero byte.
  init(copying bytes: wasm_byte_vec_t) {
    let all = unsafe UnsafeRawBufferPointer(start: bytes.data, count: bytes.data == nil ? 0 : bytes.size)
    let text = unsafe all.last == 0 ? UnsafeRawBufferPointer(rebasing: all.dropLast()) : all
    self = unsafe String(decoding: text, as: UTF8.self)
  }
}

import CWasmtime

/// An error that WebAssembly code can't go on from, and its `code`.
package struct Trap: Error, Sendable, Equatable {
  /// Why it could not go on: the engine's trap codes (`wasmtime_trap_code_enum` in its `wasmtime/trap.h`), and
  /// ``host``.
  package enum Code: Sendable, Equatable {
    case stackOverflow
    case memoryOutOfBounds
    case heapMisaligned
    case tableOutOfBounds
    case indirectCallToNull
    case badSignature
    case integerOverflow
    case integerDivisionByZero
    case badConversionToInteger
    case unreachable
    /// The epoch deadline came.
    case interrupt
    case outOfFuel
    /// A host function asked for it.
    case host
    case unknown(UInt8)
  }

  /// A function that was being called: its `functionIndex` among all functions of the module, imported ones first,
  /// and where in it (`functionOffset`) and in the whole module (`moduleOffset`) the call was, in bytes. Offsets are
  /// 0 where the engine doesn't know them. `functionName` comes from the module's name section and is nil without
  /// one.
  package struct Frame: Sendable, Equatable {
    package var functionIndex: UInt32
    /// Bytes from the function's beginning; 0 if it is not known.
    package var functionOffset: UInt64
    package var moduleOffset: UInt64
    /// The function's name in the module's name section, if it has one.
    package var functionName: String?
  }

  package var code: Code
  /// What happened, in one line for people.
  package var message: String
  /// The functions that were being called, innermost first; the engine stops at 20.
  package var frames: [Frame]
}

extension Trap.Code {
  private static let numbered: [Trap.Code] = [
    .stackOverflow, .memoryOutOfBounds, .heapMisaligned, .tableOutOfBounds, .indirectCallToNull, .badSignature,
    .integerOverflow, .integerDivisionByZero, .badConversionToInteger, .unreachable, .interrupt, .outOfFuel,
  ]

  init(number: UInt8) {
    self = Int(number) < Self.numbered.count ? Self.numbered[Int(number)] : .unknown(number)
  }

  /// The code's name in reports and logs: kebab-case, and never changed.
  package var name: String {
    switch self {
    case .stackOverflow: "stack-overflow"
    case .memoryOutOfBounds: "memory-out-of-bounds"
    case .heapMisaligned: "heap-misaligned"
    case .tableOutOfBounds: "table-out-of-bounds"
    case .indirectCallToNull: "indirect-call-to-null"
    case .badSignature: "bad-signature"
    case .integerOverflow: "integer-overflow"
    case .integerDivisionByZero: "integer-division-by-zero"
    case .badConversionToInteger: "bad-conversion-to-integer"
    case .unreachable: "unreachable"
    case .interrupt: "interrupt"
    case .outOfFuel: "out-of-fuel"
    case .host: "host"
    case .unknown(let number): "trap-\(number)"
    }
  }
}

extension Trap {
  /// Takes the engine's trap, which must not be used afterwards.
  init(taking trap: OpaquePointer) {
    var number: UInt8 = 0
    code = unsafe wasmtime_trap_code(trap, &number) ? Code(number: number) : .host

    var text = unsafe wasm_byte_vec_t()
    unsafe wasm_trap_message(trap, &text)
    // The engine puts a backtrace of its own around the reason; the frames below say the same.
    message = unsafe Self.reason(in: String(copying: text))
    unsafe wasm_byte_vec_delete(&text)

    var trace = unsafe wasm_frame_vec_t()
    unsafe wasm_trap_trace(trap, &trace)
    frames = unsafe Self.frames(taking: &trace)
    unsafe wasm_trap_delete(trap)
  }

  /// What a host function threw comes back as an error, with the frames that called it. Nil if there are none, as
  /// with errors that have nothing to do with a call. The error stays the caller's.
  init?(ofHost error: OpaquePointer) {
    var trace = unsafe wasm_frame_vec_t()
    unsafe wasmtime_error_wasm_trace(error, &trace)
    frames = unsafe Self.frames(taking: &trace)
    guard !frames.isEmpty else { return nil }
    code = .host
    var text = unsafe wasm_byte_vec_t()
    unsafe wasmtime_error_message(error, &text)
    message = unsafe Self.reason(in: String(copying: text))
    unsafe wasm_byte_vec_delete(&text)
  }

  private static func frames(taking trace: inout wasm_frame_vec_t) -> [Frame] {
    var frames: [Frame] = []
    for index in unsafe 0..<trace.size {
      guard let frame = unsafe trace.data?[index] else { continue }
      frames.append(unsafe Frame(copying: frame))
    }
    unsafe wasm_frame_vec_delete(&trace)
    return frames
  }

  /// "error while executing at wasm backtrace: …\n\nCaused by:\n    wasm trap: unreachable" is
  /// "wasm trap: unreachable" in one line.
  static func reason(in message: String) -> String {
    let lines = message.split(separator: "\n").map { line in line.drop { $0 == " " } }
    guard let cause = lines.firstIndex(where: { $0.hasPrefix("Caused by:") }), cause + 1 < lines.count else {
      return lines.joined(separator: " ")
    }
    // Several causes are numbered.
    return lines[(cause + 1)...].map { line in
      let rest = line.drop { $0.isASCII && $0.isNumber }
      return rest.count < line.count && rest.hasPrefix(": ") ? rest.dropFirst(2) : line
    }.joined(separator: ": ")
  }
}

extension Trap.Frame {
  init(copying frame: OpaquePointer) {
    functionIndex = unsafe wasm_frame_func_index(frame)
    // SIZE_MAX, which Swift sees as −1, where the engine does not know: a stack overflow at a function's beginning.
    functionOffset = unsafe UInt64(max(0, wasm_frame_func_offset(frame)))
    moduleOffset = unsafe UInt64(max(0, wasm_frame_module_offset(frame)))
    functionName = unsafe wasmtime_frame_func_name(frame).map { name in unsafe String(copying: name.pointee) }
  }
}

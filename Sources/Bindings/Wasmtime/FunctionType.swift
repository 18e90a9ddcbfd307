import CWasmtime

/// The types of the numbers that WebAssembly functions take and return.
package enum ValueType: Sendable, Equatable {
  case i32
  case i64
  case f32
  case f64
  /// Vectors and references: not passed between host and app.
  case other(UInt8)
}

/// A number passed to or from WebAssembly.
package enum Value: Sendable, Equatable {
  case i32(Int32)
  case i64(Int64)
  case f32(Float)
  case f64(Double)

  /// The type that this number has.
  package var type: ValueType {
    switch self {
    case .i32: .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    }
  }
}

/// What a WebAssembly function takes and returns: the types of its `parameters` and `results`, in order.
package struct FunctionType: Sendable, Equatable, CustomStringConvertible {
  package var parameters: [ValueType]
  package var results: [ValueType]

  package init(_ parameters: [ValueType], _ results: [ValueType]) {
    self.parameters = parameters
    self.results = results
  }

  package var description: String {
    "(\(parameters.map(\.description).joined(separator: ", "))) -> (\(results.map(\.description).joined(separator: ", ")))"
  }

  /// Slots that a raw call needs: its results replace its arguments.
  var slots: Int { max(parameters.count, results.count) }
}

extension ValueType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    case .other(let kind): "type \(kind)"
    }
  }

  init(kind: UInt8) {
    switch Int(kind) {
    case Int(WASM_I32): self = .i32
    case Int(WASM_I64): self = .i64
    case Int(WASM_F32): self = .f32
    case Int(WASM_F64): self = .f64
    default: self = .other(kind)
    }
  }

  var kind: UInt8 {
    switch self {
    case .i32: UInt8(WASM_I32)
    case .i64: UInt8(WASM_I64)
    case .f32: UInt8(WASM_F32)
    case .f64: UInt8(WASM_F64)
    case .other(let kind): kind
    }
  }
}

extension FunctionType {
  init(copying type: OpaquePointer) {
    unsafe self.init(Self.types(wasm_functype_params(type)), Self.types(wasm_functype_results(type)))
  }

  /// The engine's form of it; owned by the caller.
  func makeHandle() -> OpaquePointer {
    var parameterVector = unsafe Self.makeVector(parameters)
    var resultVector = unsafe Self.makeVector(results)
    // Takes the contents of both.
    return unsafe wasm_functype_new(&parameterVector, &resultVector)
  }

  private static func types(_ vector: UnsafePointer<wasm_valtype_vec_t>) -> [ValueType] {
    unsafe (0..<vector.pointee.size).compactMap { index in
      guard let type = unsafe vector.pointee.data?[index] else { return nil }
      return ValueType(kind: unsafe wasm_valtype_kind(type))
    }
  }

  private static func makeVector(_ types: [ValueType]) -> wasm_valtype_vec_t {
    var vector = unsafe wasm_valtype_vec_t()
    unsafe wasm_valtype_vec_new_uninitialized(&vector, types.count)
    for (index, type) in types.enumerated() {
      unsafe vector.data?[index] = wasm_valtype_new(type.kind)
    }
    return unsafe vector
  }
}

extension Value {
  init?(_ raw: wasmtime_val_raw_t, type: ValueType) {
    switch type {
    case .i32: self = unsafe .i32(raw.i32)
    case .i64: self = unsafe .i64(raw.i64)
    case .f32: self = unsafe .f32(Float(bitPattern: UInt32(bitPattern: raw.i32)))
    case .f64: self = unsafe .f64(Double(bitPattern: UInt64(bitPattern: raw.i64)))
    case .other: return nil
    }
  }

  /// The number as the engine passes it. The engine reads all 64 bits of a slot, so the upper half of the 32-bit
  /// types is written too, as zero.
  var raw: wasmtime_val_raw_t {
    var slot = unsafe wasmtime_val_raw_t()
    switch self {
    case .i32(let value): unsafe slot.i64 = Int64(UInt32(bitPattern: value))
    case .i64(let value): unsafe slot.i64 = value
    case .f32(let value): unsafe slot.i64 = Int64(value.bitPattern)
    case .f64(let value): unsafe slot.i64 = Int64(bitPattern: value.bitPattern)
    }
    return unsafe slot
  }
}

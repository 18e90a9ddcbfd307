import AppLink
import DeviceProtocol
import Foundations
import Wasmtime

/// One row of the host API on the device: what a function that apps may import does. Its name and type are in the table
/// that the image store has too.
struct HostAPIFunction: Sendable {
  /// Does the work. The result is what the app gets, cut to the function's result type; the bits of an f64.
  typealias Body = @Sendable (AppContext, borrowing HostCall) throws(HostErrno) -> Int64

  let module: String
  let name: String
  let type: WebAssemblyFunctionType
  /// The function's type as the reference page shows it.
  let signature: String
  let documentation: String
  let body: Body

  /// - Precondition: `HostInterface` has a function of that name.
  init(
    module: String = HostInterface.module, _ name: String, _ documentation: String, body: @escaping Body
  ) {
    self.module = module
    self.name = name
    self.documentation = documentation
    self.body = body
    if let declared = HostInterface.functions.first(where: { $0.module == module && $0.name == name }) {
      type = declared.type
      signature = declared.signature
    } else if let type = HostInterface.type(ByteText(module), ByteText(name)) {
      self.type = type
      signature = "\(name)\(type)"
    } else {
      preconditionFailure("\(module).\(name) is not in HostInterface")
    }
  }
}

extension HostAPIFunction {
  /// Offers the function to whatever the linker links.
  func define(in linker: Linker, for context: AppContext) throws(WasmtimeError) {
    let (body, name, result) = (body, name, type.results.first)
    try linker.define(module: module, name: name, type: FunctionType(type)) { call throws(HostTrap) in
      let value: Int64
      do throws(HostErrno) {
        value = try body(context, call)
      } catch {
        context.note(error, of: name)
        value = error.result
      }
      if let trap = context.trap { throw HostTrap(trap) }
      return switch result {
      case .i32: .i32(Int32(truncatingIfNeeded: value))
      case .i64: .i64(value)
      case .f64: .f64(Double(bitPattern: UInt64(bitPattern: value)))
      case .f32, .v128, .reference, nil: nil
      }
    }
  }
}

extension FunctionType {
  /// - Precondition: of numbers alone, as the host API's are.
  init(_ type: WebAssemblyFunctionType) {
    self.init(type.parameters.map(Self.value), type.results.map(Self.value))
  }

  private static func value(_ type: WebAssemblyValueType) -> ValueType {
    switch type {
    case .i32: .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .v128, .reference: preconditionFailure("a host function takes numbers")
    }
  }
}

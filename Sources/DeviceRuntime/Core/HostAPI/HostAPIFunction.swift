internal import Wasmtime

/// One row of the host API: everything there is to know about one function that apps may import.
struct HostAPIFunction: Sendable {
  struct Parameter: Sendable {
    var name: String
    var type: ValueType

    static func i32(_ name: String) -> Parameter { Parameter(name: name, type: .i32) }
    static func i64(_ name: String) -> Parameter { Parameter(name: name, type: .i64) }
  }

  /// Does the work. The result is what the app gets, cut to the function's result type; the bits of an f64.
  typealias Body = @Sendable (AppContext, borrowing HostCall) throws(HostErrno) -> Int64

  var module: String
  var name: String
  var parameters: [Parameter]
  /// Nil: none.
  var result: ValueType?
  /// The host API level from which on it is offered.
  var level: UInt32
  var documentation: String
  var body: Body

  init(
    module: String = HostAPI.module, _ name: String, _ parameters: [Parameter], result: ValueType? = .i32,
    level: UInt32 = 1, _ documentation: String, body: @escaping Body
  ) {
    self.module = module
    self.name = name
    self.parameters = parameters
    self.result = result
    self.level = level
    self.documentation = documentation
    self.body = body
  }

  var type: FunctionType { FunctionType(parameters.map(\.type), result.map { [$0] } ?? []) }
}

extension HostAPIFunction {
  /// Offers the function to whatever the linker links.
  func define(in linker: Linker, for context: AppContext) throws(WasmtimeError) {
    let (body, type) = (body, result)
    try linker.define(module: module, name: name, type: self.type) { call throws(HostTrap) in
      let result: Int64
      do throws(HostErrno) {
        result = try body(context, call)
      } catch {
        result = error.result
      }
      if let trap = context.trap { throw HostTrap(trap) }
      return switch type {
      case .i32: .i32(Int32(truncatingIfNeeded: result))
      case .i64: .i64(result)
      case .f64: .f64(Double(bitPattern: UInt64(bitPattern: result)))
      default: nil
      }
    }
  }
}

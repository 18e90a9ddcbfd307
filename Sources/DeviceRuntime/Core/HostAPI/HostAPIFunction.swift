internal import Wasmtime

/// One row of the host API: everything there is to know about one function that apps may import.
struct HostAPIFunction: Sendable {
  struct Parameter: Sendable {
    var name: String
    var type: ValueType

    static func i32(_ name: String) -> Parameter { Parameter(name: name, type: .i32) }
    static func i64(_ name: String) -> Parameter { Parameter(name: name, type: .i64) }
  }

  /// Does the work. The result is what the app gets, cut to the function's result type.
  typealias Body = @Sendable (AppContext, borrowing HostCall) throws(HostErrno) -> Int64

  var name: String
  var parameters: [Parameter]
  var result: ValueType
  /// The host API level from which on it is offered.
  var level: UInt32
  var documentation: String
  var body: Body

  init(
    _ name: String, _ parameters: [Parameter], result: ValueType = .i32, level: UInt32 = 1, _ documentation: String,
    body: @escaping Body
  ) {
    self.name = name
    self.parameters = parameters
    self.result = result
    self.level = level
    self.documentation = documentation
    self.body = body
  }

  var type: FunctionType { FunctionType(parameters.map(\.type), [result]) }
}

extension HostAPIFunction {
  /// Offers the function to whatever the linker links.
  func define(in linker: Linker, for context: AppContext) throws(WasmtimeError) {
    let (body, isWide) = (body, result == .i64)
    try linker.define(module: HostAPI.module, name: name, type: type) { call in
      let result: Int64
      do throws(HostErrno) {
        result = try body(context, call)
      } catch {
        result = error.result
      }
      return isWide ? .i64(result) : .i32(Int32(truncatingIfNeeded: result))
    }
  }
}

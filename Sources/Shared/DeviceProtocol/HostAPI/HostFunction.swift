/// A function that devices offer to apps: what the store checks imports against, and what a device's linker defines.
/// Its import is `module`.`name`, and it takes `parameters` in order.
package struct HostFunction: Sendable {
  /// A parameter: its `name`, for people, and its `type`.
  package struct Parameter: Sendable {
    package var name: String
    package var type: WebAssemblyValueType

    /// A parameter of type i32, which is also how pointers and lengths are passed.
    package static func i32(_ name: String) -> Parameter { Parameter(name: name, type: .i32) }
    /// A parameter of type i64.
    package static func i64(_ name: String) -> Parameter { Parameter(name: name, type: .i64) }
    /// A parameter of type f64.
    package static func f64(_ name: String) -> Parameter { Parameter(name: name, type: .f64) }
  }

  package var module: String
  package var name: String
  package var parameters: [Parameter]
  /// The type of what it returns; nil: nothing.
  package var result: WebAssemblyValueType?
  /// The host API level from which on devices offer it.
  package var level: UInt32

  init(
    module: String = HostInterface.module, _ name: String, _ parameters: [Parameter],
    result: WebAssemblyValueType? = .i32, level: UInt32 = 1
  ) {
    self.module = module
    self.name = name
    self.parameters = parameters
    self.result = result
    self.level = level
  }

  /// The type that an import of it must have.
  package var type: WebAssemblyFunctionType {
    WebAssemblyFunctionType(parameters.map(\.type), result.map { [$0] } ?? [])
  }

  /// The function as people read it: "name(parameter type, …) -> type".
  package var signature: String {
    let list = parameters.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    return "\(name)(\(list))" + (result.map { " -> \($0)" } ?? "")
  }
}

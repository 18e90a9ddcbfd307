/// A function that devices offer to apps: what the store checks imports against, and what a device's linker defines.
package struct HostFunction: Sendable {
  package struct Parameter: Sendable {
    package var name: String
    package var type: WebAssemblyValueType

    package static func i32(_ name: String) -> Parameter { Parameter(name: name, type: .i32) }
    package static func i64(_ name: String) -> Parameter { Parameter(name: name, type: .i64) }
    package static func f64(_ name: String) -> Parameter { Parameter(name: name, type: .f64) }
  }

  package var module: String
  package var name: String
  package var parameters: [Parameter]
  /// Nil: none.
  package var result: WebAssemblyValueType?
  /// The host API level from which on it is offered.
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

  package var type: WebAssemblyFunctionType {
    WebAssemblyFunctionType(parameters.map(\.type), result.map { [$0] } ?? [])
  }

  /// For people: "name(parameter type, …) -> type".
  package var signature: String {
    let list = parameters.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    return "\(name)(\(list))" + (result.map { " -> \($0)" } ?? "")
  }
}

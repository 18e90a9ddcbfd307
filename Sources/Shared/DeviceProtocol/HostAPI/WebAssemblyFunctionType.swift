/// A type of WebAssembly's values, as far as a host has to tell them apart.
package enum WebAssemblyValueType: Hashable, Sendable {
  case i32
  case i64
  case f32
  case f64
  case v128
  /// A reference: to a function, an object of the garbage collector, an exception or a thing of the host.
  case reference
}

/// The type of a function: its `parameters` and `results`, in order.
package struct WebAssemblyFunctionType: Hashable, Sendable {
  package var parameters: [WebAssemblyValueType]
  package var results: [WebAssemblyValueType]

  package init(_ parameters: [WebAssemblyValueType], _ results: [WebAssemblyValueType]) {
    self.parameters = parameters
    self.results = results
  }

  /// - Parameters:
  ///   - parameters: i, I, f and F for i32, i64, f32 and f64, a letter each.
  ///   - results: likewise.
  package init(_ parameters: String, _ results: String = "") {
    self.init(parameters.map(Self.type), results.map(Self.type))
  }

  private static func type(_ letter: Character) -> WebAssemblyValueType {
    switch letter {
    case "i": .i32
    case "I": .i64
    case "f": .f32
    case "F": .f64
    default: preconditionFailure("there is no type \(letter)")
    }
  }
}

extension WebAssemblyFunctionType: CustomStringConvertible {
  /// "(i32, i64) -> i32", for people; long lists are cut.
  package var description: String {
    let results = results.count == 1 ? Self.list(results) : "(\(Self.list(results)))"
    return "(\(Self.list(parameters))) -> \(results)"
  }

  private static func list(_ types: [WebAssemblyValueType]) -> String {
    let shown = types.prefix(12).map { "\($0)" }.joined(separator: ", ")
    return types.count > 12 ? "\(shown), … (\(types.count))" : shown
  }
}

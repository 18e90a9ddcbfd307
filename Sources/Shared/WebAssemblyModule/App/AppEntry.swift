package import DeviceProtocol
package import Foundations

/// How an app is driven. Its exports tell.
package enum AppEntry: Equatable, Sendable {
  /// `xtb_init`, then `xtb_event` for each event.
  case events
  /// WASI's `_start`, once, until it returns.
  case program

  package init?(_ interface: WebAssemblyInterface) {
    if interface.exports(function: "xtb_init"), interface.exports(function: "xtb_event") {
      self = .events
    } else if interface.exports(function: "_start") {
      self = .program
    } else {
      return nil
    }
  }

  /// The exports that a host calls, and their types. The engine is asked for no others.
  package static let types: [(name: ByteText, type: WebAssemblyFunctionType)] = [
    ("_initialize", WebAssemblyFunctionType("")), ("xtb_init", WebAssemblyFunctionType("", "i")),
    ("xtb_event", WebAssemblyFunctionType("iiII", "i")), ("_start", WebAssemblyFunctionType("")),
  ]
}

/// What an app's developer should be told about a module although it can be run.
package enum AppWarning: Equatable, Sendable {
  /// Constructors of global objects run again before each event: see ``WebAssemblyInterface/constructsAtEachCall``.
  case constructsAtEachCall

  /// The warnings for a module that passed ``AppCheck``.
  package static func of(_ interface: WebAssemblyInterface) -> [AppWarning] {
    interface.constructsAtEachCall ? [.constructsAtEachCall] : []
  }

  /// A stable word in kebab-case, for programs.
  package var reason: String { "constructors-at-each-call" }
}

extension AppWarning: CustomStringConvertible {
  package var description: String {
    "the linker made a command of this app, so the constructors of its global objects (and of its C library) run again "
      + "before every xtb_event, and what they hold is lost each time: link it as a reactor, with clang's "
      + "-mexec-model=reactor, or with wasm-ld's --export=_initialize and a function _initialize that calls "
      + "__wasm_call_ctors (docs/first-app-c.md)"
  }
}

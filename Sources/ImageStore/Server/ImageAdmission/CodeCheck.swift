import Glibc
import WebAssemblyModule

/// Says whether a module's code is valid, which its sections alone don't show.
package protocol CodeCheck: Sendable {
  /// Looks at the code of a module.
  ///
  /// - Parameter module: a descriptor of the module, from its beginning.
  /// - Throws: `AppProblem.invalid` if the code is not valid.
  func check(_ module: CInt) async throws
}

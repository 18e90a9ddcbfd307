import Dispatch
import Glibc

/// Turns a configured endpoint into the addresses of its servers.
package protocol EndpointResolver: Sendable {
  /// Looks an endpoint up.
  ///
  /// - Parameter endpoint: as configured: `tcp://host:port` or `ipc:///path`.
  /// - Returns: endpoints that a transport connects to, one a server.
  func addresses(of endpoint: String) async throws(ResolutionError) -> [String]
}

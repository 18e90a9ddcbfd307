import Messaging
import RegistryDomain
import Wire

extension RequestContext {
  /// Who asks for a change: the peer that its key names, whatever it states.
  ///
  /// - Parameter stated: for whom a service says that it asks. It is noted as the service's claim; operators have no
  ///   claims.
  func requester(_ stated: WireRequester? = nil) -> Requester {
    let name = peer.map { "\($0)" } ?? Requester.anonymousPrincipal
    guard let stated, peer?.role != .operator else { return Requester(principal: name, source: Requester.bus) }
    return Requester(
      principal: name, source: stated.source.isEmpty ? Requester.bus : stated.source,
      claimed: stated.principal == name ? "" : stated.principal)
  }
}

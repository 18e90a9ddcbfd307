import Messaging
import Wire

extension RequestContext {
  /// Who asks for a change.
  ///
  /// - Parameter stated: for whom a service asks. Operators are who their key says, whatever they state.
  func requester(_ stated: WireRequester? = nil) -> Requester {
    if let stated, !stated.principal.isEmpty, peer?.role != .operator {
      return Requester(principal: stated.principal, source: stated.source.isEmpty ? Requester.bus : stated.source)
    }
    guard let peer else { return .anonymous }
    return Requester(principal: "\(peer)", source: Requester.bus)
  }
}

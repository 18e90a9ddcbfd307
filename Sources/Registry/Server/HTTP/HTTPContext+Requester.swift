import Authorization
import RegistryDomain
import ServiceHTTP

extension HTTPContext {
  /// Who asks for a change, and from which address.
  var requester: Requester { Requester(principal: principal.name, source: source) }
}

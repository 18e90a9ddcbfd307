import RegistryDomain
import ServiceHTTP
import ServiceKit

extension HTTPContext {
  /// Who asks for a change, and from which address.
  var requester: Requester { Requester(principal: principal.name, source: source) }
}

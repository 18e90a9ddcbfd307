package import Messaging
import RegistryDomain

extension RequestAuthority {
  /// A peer on the bus sent what its role may not.
  ///
  /// - Parameter kind: full name of the request message: `xtblish.v1.CreateToken`, which is noted as `create-token`.
  package func noteDenial(of peer: BusPeer, kind: String) {
    let name = kind.split(separator: ".").last ?? ""
    var action = ""
    for character in name {
      if character.isUppercase, !action.isEmpty { action += "-" }
      action += character.lowercased()
    }
    noteLater(
      AuditRecord(action, "", by: Requester(principal: "\(peer)", source: Requester.bus)),
      refusedFor: "role-not-allowed")
  }
}

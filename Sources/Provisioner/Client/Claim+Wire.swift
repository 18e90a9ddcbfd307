package import FoundationEssentials
package import Foundations
import ProvisionerDomain
import SwiftProtobuf
package import Wire

extension Claim {
  /// Reads a claim that the Provisioner sent.
  ///
  /// - Parameter now: decides whether the claim has expired, as the message does not say it.
  package init(_ wire: WireClaim, now: Date) throws(RequestFailure) {
    self.init(
      id: try ClaimID(bytes: wire.id), count: Int(wire.count), used: Int(wire.used), product: wire.product,
      group: wire.group, tags: wire.tags, serials: wire.serials, namePrefix: wire.namePrefix,
      createdAt: wire.createdAt.date, expiresAt: wire.expiresAt.date,
      isRevoked: wire.revoked, isExpired: wire.expiresAt.date <= now)
  }
}

package import FoundationEssentials
package import Foundations
import ProvisionerDomain
import SwiftProtobuf
package import Wire

extension Claim {
  /// - Parameter now: on the wire there is no word on whether the claim has expired.
  package init(_ wire: WireClaim, now: Date) throws(RequestFailure) {
    self.init(
      id: try ClaimID(bytes: wire.id), count: Int(wire.count), used: Int(wire.used), product: wire.product,
      group: wire.group, tags: wire.tags, serials: wire.serials, namePrefix: wire.namePrefix,
      createdAt: wire.createdAt.date, expiresAt: wire.expiresAt.date,
      isRevoked: wire.revoked, isExpired: wire.expiresAt.date <= now)
  }
}

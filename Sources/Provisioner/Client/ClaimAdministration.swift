package import Foundation
import Foundations
package import Messaging
import ProvisionerDomain
import ServiceKit
import SwiftProtobuf
import Wire

/// What operators do with claims, over the bus.
package struct ClaimAdministration: Sendable {
  private let provisioner: any RPCCaller
  private let deadline: Duration

  package init(_ provisioner: any RPCCaller, deadline: Duration) {
    self.provisioner = provisioner
    self.deadline = deadline
  }

  /// Makes a claim.
  ///
  /// - Parameter lifetimeSeconds: at least 1.
  /// - Returns: the claim with its token.
  package func create(
    count: Int, lifetimeSeconds: Int, product: String, group: String = "", tags: [String], serials: [String] = [],
    namePrefix: String
  ) async throws -> ClaimDocument {
    var request = WireCreateClaim()
    request.count = UInt32(clamping: count)
    request.lifetimeSeconds = UInt64(clamping: lifetimeSeconds)
    request.product = product
    request.group = group
    request.serials = serials
    request.tags = tags
    request.namePrefix = namePrefix
    let response = try await provisioner.call(request, deadline: deadline)
    return ClaimDocument(try Claim(response.claim, now: Date()), token: response.token)
  }

  /// Claims, newest first.
  ///
  /// - Parameter limit: how many at most; nil stands for all.
  package func list(limit: Int?) async throws -> (claims: [ClaimDocument], hasMore: Bool) {
    var claims: [ClaimDocument] = []
    var request = WireListClaims()
    while true {
      let left = limit.map { $0 - claims.count } ?? EnrolmentFieldRules.maximumPageSize
      guard left > 0 else { return (claims, true) }
      request.pageSize = UInt32(min(left, EnrolmentFieldRules.maximumPageSize))
      let page = try await provisioner.call(request, deadline: deadline)
      for claim in page.claims { claims.append(ClaimDocument(try Claim(claim, now: Date()))) }
      guard !page.nextCursor.isEmpty else { return (claims, false) }
      request.cursor = page.nextCursor
    }
  }

  /// A claim and who enrolled with it. It may be named by a beginning of its ID.
  package func show(_ id: String) async throws -> ClaimDetails {
    var request = WireGetClaim()
    request.id = Data(try await claimID(id).bytes)
    let response = try await provisioner.call(request, deadline: deadline)
    return ClaimDetails(
      claim: ClaimDocument(try Claim(response.claim, now: Date())),
      enrolments: response.enrolments.map { enrolment in
        ClaimDetails.Device(
          device: DeviceID(bytes: enrolment.deviceID)?.description ?? "", name: enrolment.name,
          serial: enrolment.serial, state: enrolment.state, at: enrolment.at.date)
      })
  }

  private func claimID(_ text: String) async throws -> ClaimID {
    try ClaimID(try await IDReference(text, "claim").resolve(among: { try await list(limit: nil).claims.map(\.id) }))
  }

  /// Lets no further device enrol with a claim, which may be named by a beginning of its ID.
  package func revoke(_ id: String) async throws -> ClaimDocument {
    var request = WireRevokeClaim()
    request.id = Data(try await claimID(id).bytes)
    return ClaimDocument(try Claim(try await provisioner.call(request, deadline: deadline).claim, now: Date()))
  }
}

/// A `claim` and its `enrolments`: the newest of the devices that enrolled with it.
package struct ClaimDetails: Encodable, Sendable {
  /// A device that took a use of the claim: its ID in `device`, its `name` and `serial` number, its `state`
  /// (`reserved` until the Registry knows it, then `registered`), and since when it is in that state (`at`).
  package struct Device: Encodable, Sendable {
    package var device: String
    package var name: String
    package var serial: String
    package var state: String
    package var at: Date
  }

  package var claim: ClaimDocument
  package var enrolments: [Device]
}

import CertificateAuthority
import DeviceCertificates
import Foundation
import Foundations
import Messaging
import OpenSSL
import SwiftProtobuf
import Wire

/// What the authority answers on the bus.
struct AuthorityRPC: Sendable {
  private let store: CertificateStore
  private let feed: RevocationFeed
  private let keeper: AuthorityKeeper
  private let pages: RevocationPages
  private let audit: OperatorAudit
  private static let longestWait = Duration.seconds(5)

  /// - Parameter validity: how long services may go on with what they know when they hear nothing more.
  init(
    store: CertificateStore, feed: RevocationFeed, keeper: AuthorityKeeper, validity: Duration, audit: OperatorAudit
  ) {
    pages = RevocationPages(store: store, validity: validity)
    self.store = store
    self.feed = feed
    self.keeper = keeper
    self.audit = audit
  }

  /// Makes the router answer.
  func register(on router: inout RPCRouter) {
    router.handle(WireGetRevocations.self) { request, context in
      let asked = min(.milliseconds(Int64(request.waitMilliseconds)), Self.longestWait)
      // Leaves time for the answer's way.
      let wait = max(.zero, min(asked, context.remaining - .milliseconds(200)))
      guard let snapshot = await feed.next(unless: { Self.isKnown(request, $0) }, atMost: wait) else {
        throw RequestFailure(
          .unavailable, reason: "revocations-unknown", message: "the revocations are not read yet: try again",
          retryAfterMilliseconds: 500)
      }
      if request.paged { return try await pages.page(after: request.hasAfter ? request.after : nil) }
      return try Self.lists(snapshot)
    }
    router.handle(WireRevokeDevice.self) { request, context in
      guard let device = DeviceID(bytes: request.deviceID) else {
        throw RequestFailure(field: "device-id", "has \(request.deviceID.count) bytes: a device's ID has 16")
      }
      return try await audit.recording(context, "revoke-device", "device:\(device)") {
        var response = WireRevokeDeviceResponse()
        response.revoked = try await DeviceRevocation(store: store, keeper: keeper).revoke(
          device, reason: request.reason,
          requester: Self.requester(claimed: request.requester.principal, peer: context.peer))
        return response
      }
    }
  }

  static func isKnown(_ request: WireGetRevocations, _ snapshot: RevocationSnapshot) -> Bool {
    guard request.paged else { return request.knownState == snapshot.state }
    return request.after.issuer.isEmpty && request.after.revision == snapshot.revision
      && Array(request.after.nonce) == snapshot.nonce
  }

  /// The answer for services of the release before this one.
  private static func lists(_ snapshot: RevocationSnapshot) throws -> WireRevocations {
    guard snapshot.lists.reduce(0, { $0 + $1.der.count }) < 7 << 20 else {
      throw RequestFailure(
        .unsupported, reason: "revocations-too-many",
        message: "there are too many revocations for one answer: bring this service to the Provisioner's release")
    }
    var response = WireRevocations()
    response.state = snapshot.state
    response.crls = snapshot.lists.map { Data($0.der) }
    response.trustRoots = try Authority.pem(snapshot.roots)
    return response
  }

  /// The name for whom a device is revoked, as records have it. The Registry tells it; an operator asks for nobody but
  /// itself. On a bus without keys anybody may be the Registry.
  static func requester(claimed: String, peer: BusPeer?) -> String {
    let isBelieved = peer == nil || peer?.role == .registry
    return isBelieved && !claimed.isEmpty ? claimed : OperatorAudit.name(of: peer)
  }
}

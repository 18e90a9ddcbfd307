import DeviceEnrolment
import Foundation
import Foundations
import Messaging
import ProvisionerDomain
import ProvisionerStorage
import Wire

/// What the Provisioner answers on the bus about claims and enrolment.
struct ProvisionerRPC: Sendable {
  let claims: ClaimStore
  let claimTexts: ClaimTexts
  let enroller: Enroller
  let devices: DeviceStore
  let factories: FactoryStore
  let enrolments: EnrolmentStore
  let audit: OperatorAudit

  init(
    claims: ClaimStore, claimTexts: ClaimTexts, enroller: Enroller, devices: DeviceStore, factories: FactoryStore,
    enrolments: EnrolmentStore, audit: OperatorAudit
  ) {
    self.claims = claims
    self.claimTexts = claimTexts
    self.enroller = enroller
    self.devices = devices
    self.factories = factories
    self.enrolments = enrolments
    self.audit = audit
  }

  /// Makes the router answer.
  func register(on router: inout RPCRouter) {
    router.handle(WireCreateClaim.self) { request, context in
      try await audit.recording(context, "create-claim") {
        let (claim, secret) = try await claims.create(
          NewClaim(
            count: UInt64(request.count), lifetimeSeconds: request.lifetimeSeconds, product: request.product,
            group: request.group, tags: request.tags, serials: request.serials, namePrefix: request.namePrefix))
        var response = WireCreateClaimResponse()
        response.claim = WireClaim(claim)
        response.token = try claimTexts.text(of: secret)
        return response
      }
    }
    router.handle(WireListClaims.self) { request, _ in
      let page = try await claims.list(
        after: request.cursor.isEmpty ? nil : ListCursor(request.cursor),
        limit: EnrolmentFieldRules.pageSize(request.pageSize))
      var response = WireListClaimsResponse()
      response.claims = page.claims.map { WireClaim($0) }
      response.nextCursor = page.next?.text ?? ""
      return response
    }
    router.handle(WireGetClaim.self) { request, _ in
      let id = try ClaimID(bytes: request.id)
      var response = WireGetClaimResponse()
      response.claim = WireClaim(try await claims.claim(id))
      response.enrolments = try await claims.uses(of: id).map { WireEnrolment($0) }
      return response
    }
    router.handle(WireRevokeClaim.self) { request, context in
      let id = try ClaimID(bytes: request.id)
      return try await audit.recording(context, "revoke-claim", "claim:\(id)") {
        var response = WireRevokeClaimResponse()
        response.claim = WireClaim(try await claims.revoke(id))
        return response
      }
    }
    router.handle(WireEnrollDevice.self) { request, _ in
      WireEnrollDeviceResponse(try await enroller.enroll(EnrolmentRequest(request)))
    }
    router.handle(WireFindPollingDevice.self) { request, _ in
      guard let device = try await enrolments.pollingDevice(tokenHash: Array(request.tokenHash)) else {
        throw RequestFailure(
          .notFound, reason: "unknown-token", message: "no device that may poll has this token: enrol it again")
      }
      var response = WirePollingDevice()
      response.deviceID = Data(device.bytes)
      return response
    }
    registerDevices(on: &router)
    registerReinstatement(on: &router)
    registerFactories(on: &router)
  }
}

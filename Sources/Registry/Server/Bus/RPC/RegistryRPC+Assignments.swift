import Authorization
import FoundationEssentials
import Foundations
import Messaging
import OpenSSL
import RegistryAuthority
import RegistryDomain
import RegistryMessages
import RegistryStorage
import SwiftProtobuf
import Wire

/// Images for devices. An image store asks for what its clients want, and the Registry decides by what they presented.
extension RegistryRPC {
  func addAssignmentHandlers(to router: inout RPCRouter) {
    router.handle(WireAssignImage.self) { request, context in
      let received = ContinuousClock.now
      let device = try DeviceID(checking: request.deviceID)
      let requester = try await client(
        presenting: request.bearerToken, stated: request.requester, for: device, context)
      let assignment = try await store.assign(
        PublishedApp(request.image), to: device, idempotencyKey: request.idempotencyKey, by: requester,
        origin: DeploymentOrigin(marks: [DeploymentMark](request.marks), received: received))
      var response = WireAssignImageResponse()
      response.version = assignment.version
      response.configuration = Data(assignment.configuration)
      response.repeated = assignment.repeated
      return response
    }
    router.handle(WireCheckAssignment.self) { request, context in
      let device = try DeviceID(checking: request.deviceID)
      let stated = WireRequester.with { $0.source = request.source }
      _ = try await client(presenting: request.bearerToken, stated: stated, for: device, context)
      try await store.checkAssignment(
        PublishedApp(request.image), to: device, idempotencyKey: request.idempotencyKey)
      return WireCheckAssignmentResponse()
    }
  }

  /// On whose behalf the device is given an image: the image store's client.
  ///
  /// - Throws: `permissionDenied` unless the client may, by the token that it presented.
  private func client(
    presenting token: String, stated: WireRequester, for device: DeviceID, _ context: RequestContext
  ) async throws -> Requester {
    guard token.isEmpty else {
      return try await client(presenting: token, from: stated.source, for: device, context)
    }
    // On a bus without keys nobody is asked for a token either.
    guard let peer = context.peer else { return context.requester(stated) }
    // An image store of the release before. The log knows whom it asked for.
    guard try await store.hasAdmittedUpload(by: stated.principal, to: device) else {
      let refusal = RequestFailure(
        .permissionDenied, reason: "missing-token",
        message: "the image store presented no token of whoever asks for this: if it was not upgraded yet, send the "
          + "upload again")
      await authority.note(
        AuditRecord(AuditAction.assignImage.rawValue, AuditRecord.target(device), by: context.requester(stated)),
        refusedFor: refusal.reason)
      throw refusal
    }
    return Requester(principal: stated.principal, source: stated.source, via: "\(peer)")
  }

  private func client(
    presenting token: String, from source: String, for device: DeviceID, _ context: RequestContext
  ) async throws -> Requester {
    let question = RequestAuthority.Request(
      tokenHash: try Self.hash(ofToken: token), scope: .deploy, action: AuditAction.assignImage.rawValue,
      target: AuditRecord.target(device), source: source.isEmpty ? Requester.bus : source, service: context.peer)
    // What is assigned is noted with the assignment.
    switch try await authority.decide(question, isRecorded: false) {
    case .allowed(let token): return question.requester(token.principal)
    case .refused(let refusal): throw RequestFailure(refusal)
    }
  }

  /// The SHA-256 by which a token is found.
  static func hash(ofToken token: String) throws -> [UInt8] {
    guard token.utf8.count <= PresentedToken.maximumBytes else {
      throw RequestFailure(field: "bearer-token", "is longer than \(PresentedToken.maximumBytes) bytes")
    }
    return try SHA256.digest(of: Array(token.utf8))
  }
}

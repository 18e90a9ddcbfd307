import CertificateAuthority
import DeviceCertificates
import Foundation
import Foundations
import Logging
import Messaging
import OpenSSL
import ProvisionerDomain
import ProvisionerStorage
import Wire

/// Serves devices that ask at once: one commit for their reservations, one request to the Registry, one commit for what
/// they are told.
struct EnrolmentBatch: Sendable {
  struct Item: Sendable {
    var applicant: Applicant
    var certificateRequest: CertificateRequest?
    var pollingToken: SecretText?
  }

  typealias Results = [Result<Identity, any Error>]

  /// How long the Registry may take, each of the two times that it is asked.
  private static let registryDeadline = Duration.milliseconds(2500)

  let store: EnrolmentStore
  let registry: any RPCCaller
  let anchors: RegistryTrustAnchors
  let issuer: (any CertificateIssuer)?
  let options: Enroller.Options
  let logger: Logger

  /// - Returns: one result for each, in order.
  func enroll(_ items: [Item]) async -> Results {
    do {
      let anchors = try await anchors.current()
      let decisions = try await store.decide(items.map(\.applicant))
      return try await complete(items, decisions, anchors)
    } catch {
      return Results(repeating: .failure(error), count: items.count)
    }
  }

  private func complete(
    _ items: [Item], _ decisions: [EnrolmentDecision], _ anchors: TrustAnchors?
  ) async throws -> Results {
    let grants = decisions.compactMap { decision in
      if case .granted(let grant) = decision { grant } else { nil }
    }
    let failures = grants.isEmpty ? [:] : try await register(grants)
    let known = issuer == nil ? [:] : try await store.freshCertificates(of: grants.filter(\.isKnown).map(\.device))
    var results: Results = []
    var completions: [EnrolmentCompletion] = []
    for (item, decision) in zip(items, decisions) {
      switch decision {
      case .refused(let refusal): results.append(.failure(refusal))
      case .granted(let grant):
        do {
          if let failure = failures[grant.device] { throw failure }
          let (identity, certificate) = try await identity(item, grant, anchors, known[grant.device])
          completions.append(
            EnrolmentCompletion(device: grant.device, otp: identity.otp?.record, certificate: certificate))
          results.append(.success(identity))
        } catch {
          results.append(.failure(error))
        }
      }
    }
    if !completions.isEmpty {
      let outcome = try await store.complete(completions) { issuer?.presented($0, of: $1) != nil }
      for (index, decision) in decisions.enumerated() {
        guard case .granted(let grant) = decision else { continue }
        if outcome.revoked.contains(grant.device) {
          results[index] = .failure(RequestFailure.deviceRevoked)
        } else if let known = outcome.known[grant.device], case .success(var identity) = results[index],
          identity.certificateChain != nil
        {
          identity.certificateChain = try issuer?.presented(known, of: grant.device)?.chain
          results[index] = .success(identity)
        }
      }
    }
    for (decision, result) in zip(decisions, results) {
      guard case .granted(let grant) = decision, case .success = result else { continue }
      logger.info(
        "device enrolled",
        metadata: ["device": "\(grant.device)", "serial": "\(grant.serial)", "basis": "\(grant.basis)"])
    }
    return results
  }

  private func identity(
    _ item: Item, _ grant: EnrolmentGrant, _ anchors: TrustAnchors?, _ known: StoredCertificate?
  ) async throws -> (Identity, IssuedCertificate?) {
    var certificate: IssuedCertificate?
    var identity = Identity(
      device: grant.device, name: grant.name, endpoints: options.endpoints, pollingToken: item.pollingToken)
    if let issuer {
      identity.trustRoots = try issuer.trustRoots.map { try $0.pem }.joined()
      if let request = item.certificateRequest {
        if let known, known.publicKeyHash == item.applicant.proof.keyHash,
          let presented = issuer.presented(known, of: grant.device)
        {
          // The answer that was lost.
          identity.certificateChain = try presented.chain
        } else {
          let issued = try await issuer.issueDeviceCertificate(request: request, device: grant.device)
          identity.certificateChain = try issued.chain
          certificate = issued
        }
      }
    }
    guard let anchors else { return (identity, certificate) }
    if let record = grant.otp {
      // What it may have burnt already, and the document that belongs to it.
      identity.rootDocument = try await self.anchors.rootDocument(version: record.rootVersion).document
      identity.otp = OTPAssignment(device: grant.device, publicKeyHash: item.applicant.proof.keyHash, record: record)
    } else {
      identity.rootDocument = anchors.rootDocument
      identity.otp = OTPAssignment(
        device: grant.device, publicKeyHash: item.applicant.proof.keyHash,
        record: OTPRecord(
          directorKey: anchors.directorKey, rootVersion: anchors.rootVersion,
          rootDocumentHash: anchors.rootDocumentHash,
          isPublisherSignatureRequired: options.isPublisherSignatureRequired, securityEpoch: 0))
    }
    return (identity, certificate)
  }

  /// Makes the devices known to the Registry; those that ask again too, as the Registry may have lost or deleted them,
  /// and as a device that enrols again may count its reports anew.
  ///
  /// - Returns: what is wrong with single devices.
  private func register(_ grants: [EnrolmentGrant]) async throws(RequestFailure) -> [DeviceID: RequestFailure] {
    var request = WireCreateDevices()
    request.devices = grants.map { grant in
      var device = WireCreateDevice()
      device.id = Data(grant.device.bytes)
      device.name = grant.name
      device.tags = grant.tags
      device.serial = grant.serial
      return device
    }
    let response: WireCreateDevicesResponse
    do {
      do {
        response = try await registry.call(request, deadline: Self.registryDeadline)
      } catch  where error.code == .unavailable || error.code == .deadlineExceeded {
        response = try await registry.call(request, deadline: Self.registryDeadline)
      }
    } catch {
      logger.error(
        "the Registry did not make devices", metadata: ["count": "\(grants.count)", "error": "\(error)"])
      switch error.code {
      case .unavailable, .deadlineExceeded, .overloaded: throw .registryUnavailable
      default: throw .registryRefused
      }
    }
    guard response.outcomes.map(\.id) == request.devices.map(\.id) else { throw .registryRefused }
    var failures: [DeviceID: RequestFailure] = [:]
    for (grant, outcome) in zip(grants, response.outcomes) where !outcome.reason.isEmpty {
      logger.error(
        "the Registry did not make the device",
        metadata: [
          "device": "\(grant.device)", "serial": "\(grant.serial)", "reason": "\(outcome.reason)",
          "error": "\(outcome.message)",
        ])
      failures[grant.device] = .registryRefused
    }
    return failures
  }
}

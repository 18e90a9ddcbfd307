import Foundation
import Foundations
import OpenSSL
import ProvisionerDomain
import ProvisionerStorage

/// Checks what can be checked of a request without asking whether it may be granted.
struct ApplicantReader: Sendable {
  /// An applicant with what it will get if it is let in.
  struct Reading: Sendable {
    var applicant: Applicant
    var certificateRequest: CertificateRequest?
    var pollingToken: SecretText?
  }

  let factories: FactoryStore
  /// Whether a device needs neither certificate nor token.
  let isInsecure: Bool

  func read(_ request: EnrolmentRequest) async throws -> Reading {
    let certificateRequest = try Self.certificateRequest(request.certificateRequest)
    guard certificateRequest == nil || !request.isPollingOnly else {
      throw RequestFailure(field: "pollingOnly", "goes without a certificateRequest: give one of the two")
    }
    var token: SecretText?
    let proof: Applicant.Proof
    if let certificateRequest {
      proof = .key(hash: try certificateRequest.publicKey.hash)
    } else if request.isPollingOnly {
      let secret = try SecretText.random(.polling)
      token = secret
      proof = .pollingToken(hash: try secret.hash)
    } else if isInsecure {
      proof = .none
    } else {
      throw RequestFailure(
        field: "certificateRequest", "is missing: send one (PKCS#10 in DER), or pollingOnly for a bearer token")
    }
    let (credential, serial) = try await credential(request, certificateRequest, proof)
    return Reading(
      applicant: Applicant(credential: credential, serial: serial, proof: proof, newID: .random()),
      certificateRequest: certificateRequest, pollingToken: token)
  }

  private static func certificateRequest(_ der: [UInt8]) throws(RequestFailure) -> CertificateRequest? {
    guard !der.isEmpty else { return nil }
    do {
      return try CertificateRequest(der: der)
    } catch {
      throw RequestFailure(field: "certificateRequest", "is refused: \(error)")
    }
  }

  private func credential(
    _ request: EnrolmentRequest, _ certificateRequest: CertificateRequest?, _ proof: Applicant.Proof
  ) async throws -> (Applicant.Credential, serial: String) {
    if let factoryProof = request.factoryProof {
      guard request.claim.isEmpty else {
        throw RequestFailure(field: "claim", "goes without a factoryCertificate: give one of the two")
      }
      guard let certificateRequest else {
        throw RequestFailure(
          field: "certificateRequest", "is missing: a factoryCertificate lets nobody in without")
      }
      let (authority, serial) = try await factories.authority(of: factoryProof, over: certificateRequest.der)
      guard request.serial.isEmpty || request.serial == serial else {
        throw RequestFailure(field: "serial", "is not the one in the factory's certificate: leave it away")
      }
      return (.factory(authority), serial)
    }
    let serial = try EnrolmentFieldRules.serial(request.serial)
    if request.claim.isEmpty {
      guard case .key = proof else { throw RequestFailure.claimRefused }
      return (.registeredKey, serial)
    }
    // Not said to be too long: that would tell how long secrets are.
    guard request.claim.utf8.count <= EnrolmentFieldRules.tokenLength else { throw RequestFailure.claimRefused }
    return (.secret(hash: try ClaimText.secret(of: request.claim).hash), serial)
  }
}

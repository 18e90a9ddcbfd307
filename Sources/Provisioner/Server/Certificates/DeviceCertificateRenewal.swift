package import CertificateAuthority
package import Foundations
package import Logging
import Metrics
import OpenSSL
import PostgreSQL
import ServiceDatabase

/// Gives devices new certificates for the keys that they have. A device that asks again, as the answer was lost or its
/// clock or disk would not have it, gets the same certificate.
package struct DeviceCertificateRenewal: Sendable {
  private let issuer: any CertificateIssuer
  private let store: CertificateStore
  private let logger: Logger
  private let renewed = Counter(label: "provisioner_certificates_renewed_total")
  /// How many good certificates one device may have at once; a device that renews in time has two.
  private static let maximumGoodCount = 32

  package init(issuer: any CertificateIssuer, store: CertificateStore, logger: Logger) {
    self.issuer = issuer
    self.store = store
    self.logger = logger
  }

  /// Makes a device's next certificate, or gives it the one that it has got already.
  ///
  /// - Parameters:
  ///   - device: as its certificate says.
  ///   - keyHash: SHA-256 of the key of the certificate that it showed.
  ///   - request: PKCS#10 in DER, for the key that it enrolled with: its fuses hold that key's hash.
  package func renew(
    _ device: DeviceID, showing keyHash: [UInt8]?, request: [UInt8]
  ) async throws -> IssuedCertificate {
    let request = try Self.checked(request)
    guard let standing = try await standing(of: device, showing: keyHash) else { throw Self.unknown }
    guard !standing.isRevoked else { throw RequestFailure.deviceRevoked }
    guard standing.publicKeyHash == (try request.publicKey.hash) else {
      logger.notice("renewal with another key refused", metadata: ["device": "\(device)"])
      throw Self.otherKey
    }
    if let known = try await known(device) { return known }
    guard standing.goodCount < Self.maximumGoodCount else { throw Self.tooMany }
    let issued = try await issuer.issueDeviceCertificate(request: request, device: device)
    // Looked at again: it may ask several times at once.
    let recorded = try await translating {
      try await store.pool.withTransaction { transaction in
        try await store.record(issued, of: device, ifFewerThan: Self.maximumGoodCount, in: transaction)
      }
    }
    switch recorded {
    case .done: break
    case .known(let stored): return issuer.presented(stored, of: device) ?? issued
    case .tooMany: throw Self.tooMany
    }
    renewed.increment()
    logger.info(
      "certificate renewed",
      metadata: ["device": "\(device)", "certificate": "\(Hexadecimal.encode(issued.certificate.serialNumber))"])
    return issued
  }

  /// What the device may renew with.
  ///
  /// No certificate is given out before it is on record. So the database is older than a good one that it does not know,
  /// or new: then what the authority signed counts. Its fuses would let the device be no other one.
  private func standing(of device: DeviceID, showing keyHash: [UInt8]?) async throws -> CertificateStore.Standing? {
    if let known = try await store.standing(device) { return known }
    guard let keyHash else { return nil }
    logger.warning(
      "a certificate that is not on record is renewed: the database is older than it",
      metadata: ["device": "\(device)"])
    return CertificateStore.Standing(publicKeyHash: keyHash, isRevoked: false, goodCount: 0)
  }

  /// The certificate that the device has been given already, whether or not the answer arrived.
  private func known(_ device: DeviceID) async throws -> IssuedCertificate? {
    let stored = try await translating { try await store.fresh(of: [device], store.pool)[device] }
    return stored.flatMap { issuer.presented($0, of: device) }
  }

  /// The request, if its sender has the key that it is for.
  static func checked(_ der: [UInt8]) throws(RequestFailure) -> CertificateRequest {
    do {
      return try CertificateRequest(der: der)
    } catch {
      throw RequestFailure(
        .invalid, reason: "invalid-certificate-request", message: "the certificate request is refused: \(error)")
    }
  }

  private static var unknown: RequestFailure {
    RequestFailure(
      .permissionDenied, reason: "not-enrolled", message: "the device has no certificate to renew: enrol it first")
  }

  private static var otherKey: RequestFailure {
    RequestFailure(
      .permissionDenied, reason: "other-key",
      message: "a device keeps its key: send a certificate request for the key of its certificate")
  }

  private static var tooMany: RequestFailure {
    RequestFailure(
      .overloaded, reason: "too-many-certificates",
      message: "the device has \(maximumGoodCount) certificates that are good: use one of them",
      retryAfterMilliseconds: 3_600_000)
  }
}

import FoundationEssentials
import Foundations
import OpenSSL
package import PostgreSQL
package import ProvisionerDomain
import ServiceDatabase

/// The CAs of factories whose devices enrol without a claim.
package struct FactoryStore: Sendable {
  private static let columns: SQL =
    """
    id, certificate, subject, not_after, product, group_name, tags, name_prefix, created_at,
    (select count(*) from provisioner.devices as d where d.factory_ca = f.id) as devices
    """
  /// The columns without the count of devices, for each enrolment: a count over all devices of all factories would
  /// take ever longer.
  private static let uncountedColumns: SQL =
    """
    id, certificate, subject, not_after, product, group_name, tags, name_prefix, created_at, 0::bigint as devices
    """

  let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  /// Lets devices enrol that the CA certified. A repeat changes what is given to its devices from then on.
  package func add(
    certificate pem: String, placement: DevicePlacement, namePrefix: String
  ) async throws -> FactoryAuthority {
    let given = try EnrolmentFieldRules.namePrefix(namePrefix, length: EnrolmentFieldRules.serialNamePrefixLength)
    let namePrefix = given.isEmpty ? EnrolmentFieldRules.usualNamePrefix : given
    guard let certificates = try? X509Certificate.all(pem: Array(pem.utf8)), certificates.count == 1 else {
      throw RequestFailure(field: "certificate", "is not one certificate in PEM: give the factory's CA alone")
    }
    let certificate = certificates[0]
    guard certificate.isAuthority else {
      throw RequestFailure(
        field: "certificate",
        "is no CA's (basicConstraints lacks CA:TRUE): give the one that signs the devices' certificates")
    }
    guard try certificate.keyKind.isStrong else {
      throw RequestFailure(field: "certificate", "has a key that may be forged: \(Self.goodKeys)")
    }
    guard certificate.notAfter > Date() else {
      throw RequestFailure(field: "certificate", "has expired: no device could enrol with it")
    }
    let row = try await translating {
      try await pool.queryFirst(
        """
        with f as (
          insert into provisioner.factory_cas
            (id, certificate, subject, not_after, product, group_name, tags, name_prefix)
          values ($1, $2, $3, $4, $5, $6, $7, $8)
          on conflict (id) do update set product = excluded.product, group_name = excluded.group_name,
            tags = excluded.tags, name_prefix = excluded.name_prefix, removed_at = null
          returning *
        )
        select
        """ + " " + Self.columns + " from f",
        [
          .bytea(try certificate.fingerprint), .bytea(certificate.der), .text(Self.subject(of: certificate)),
          .timestamp(PostgresTimestamp(certificate.notAfter)), .text(placement.product), .text(placement.group),
          .textArray(placement.tags), .text(namePrefix),
        ])
    }
    guard let row else { throw PostgresError.unknownForm }
    return try FactoryAuthority(row)
  }

  /// All that let devices in, the newest first; 1000 at most.
  package func list() async throws -> [FactoryAuthority] {
    try await list(Self.columns)
  }

  private func list(_ columns: SQL) async throws -> [FactoryAuthority] {
    try await translating {
      try await pool.query(
        "select " + columns
          + " from provisioner.factory_cas as f where removed_at is null order by created_at desc limit 1000"
      ).map { try FactoryAuthority($0) }
    }
  }

  /// Lets no further device enrol by the CA.
  ///
  /// - Returns: whether there was one.
  package func remove(_ id: [UInt8]) async throws -> Bool {
    try await translating {
      try await pool.execute(
        "update provisioner.factory_cas set removed_at = clock_timestamp() where id = $1 and removed_at is null",
        [.bytea(id)]) == 1
    }
  }

  /// Which factory made the device that shows this proof, and the serial number that it gave it.
  ///
  /// - Parameter message: what the certificate's key signed.
  /// - Returns: the factory, its devices not counted; and the serial number.
  package func authority(of proof: FactoryProof, over message: [UInt8]) async throws -> (
    FactoryAuthority, serial: String
  ) {
    guard let chain = try? X509Certificate.all(pem: Array(proof.certificates.utf8)), let leaf = chain.first,
      chain.count <= 4
    else {
      throw RequestFailure(
        field: "factoryCertificate", "is not PEM with the device's certificate first, then at most three above it")
    }
    let (authority, refusal) = try await issuer(of: chain)
    guard let authority else { throw Self.refusal(refusal) }
    try Self.checkUse(of: leaf)
    guard let isSigned = try? leaf.isValid(signature: proof.signature, for: message), isSigned else {
      throw RequestFailure(
        .permissionDenied, reason: "factory-signature-wrong",
        message: "factorySignature is not of the factory certificate's key over the certificate request")
    }
    guard let serial = leaf.subjectSerialNumber ?? leaf.commonName else {
      throw RequestFailure(
        .permissionDenied, reason: "factory-serial-missing",
        message: "the factory's certificate has neither a serialNumber nor a common name in its subject")
    }
    return (authority, try EnrolmentFieldRules.serial(serial))
  }

  private func issuer(of chain: [X509Certificate]) async throws -> (FactoryAuthority?, CertificateRefusal.Reason) {
    var reason = CertificateRefusal.Reason.unknownIssuer
    for authority in try await list(Self.uncountedColumns) {
      // Few factories have a root of their own.
      let verifier = CertificateVerifier(
        roots: [try X509Certificate(der: authority.certificate)], acceptsIntermediates: true, refusesWeakness: true)
      do throws(CertificateRefusal) {
        _ = try verifier.verify(chain, usage: .client, at: Date())
        return (authority, .other)
      } catch {
        // Of several refusals the one that says most: the others are not its issuers.
        if error.reason != .unknownIssuer && error.reason != .selfSigned { reason = error.reason }
      }
    }
    return (nil, reason)
  }

  private static let goodKeys =
    "P-256, P-384, Ed25519, or RSA of 2048 bits or more are taken, signed with SHA-256 or better"

  /// Whether a factory's certificate is that of a device which may prove who it is by it.
  private static func checkUse(of leaf: X509Certificate) throws {
    guard try !leaf.mayBeAuthority, try leaf.allowsDigitalSignature else { throw refusal(.wrongUsage) }
    guard try leaf.keyKind.isStrong else { throw refusal(.weak) }
  }

  private static func refusal(_ reason: CertificateRefusal.Reason) -> RequestFailure {
    let cause =
      switch reason {
      case .expired: "has expired"
      case .notYetValid: "is not valid yet: check the clock"
      case .badSignature: "is not signed by the CA that it names"
      case .wrongUsage:
        "is not for this: a device's is no CA's, may sign (keyUsage digitalSignature) and, if it says what for, be a "
          + "client of TLS (extendedKeyUsage clientAuth)"
      case .weak: "or one above it may be forged: \(goodKeys)"
      default: "is of no CA that is registered here: ask the operator to add it with xtblish-provisioner factory-ca add"
      }
    return RequestFailure(
      .permissionDenied, reason: "factory-certificate-\(reason == .other ? "refused" : reason.rawValue)",
      message: "the factory's certificate \(cause)")
  }

  private static func subject(of certificate: X509Certificate) -> String {
    let name = certificate.commonName ?? certificate.subjectSerialNumber ?? "(no common name)"
    return String(name.unicodeScalars.prefix(128).filter { $0.value >= 0x20 }.map(Character.init))
  }
}

extension FactoryAuthority {
  init(_ row: PostgresRow) throws {
    self.init(
      id: try row["id"].bytes, certificate: try row["certificate"].bytes, subject: try row["subject"].text,
      notAfter: try row["not_after"].date, placement: try DevicePlacement(row),
      namePrefix: try row["name_prefix"].text, createdAt: try row["created_at"].date,
      deviceCount: try row["devices"].int)
  }
}

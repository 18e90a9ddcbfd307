package import CertificateAuthority
package import DeviceCertificates
package import Foundations
package import PostgreSQL
package import ProvisionerDomain
import ServiceDatabase

/// Who has an identity, and what let them in.
package struct EnrolmentStore: Sendable {
  let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  /// Decides on devices that ask at once, and writes it down.
  ///
  /// What one batch took the next one sees, over all replicas: they go one after the other.
  package func decide(_ applicants: [Applicant]) async throws -> [EnrolmentDecision] {
    try await translating {
      do {
        return try await attempt(applicants)
      } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
        // It may have happened; a repeat then finds it.
        return try await attempt(applicants)
      }
    }
  }

  private func attempt(_ applicants: [Applicant]) async throws -> [EnrolmentDecision] {
    try await pool.withTransaction { transaction in
      var ledger = try await EnrolmentLedger.load(for: applicants, transaction)
      let decisions = applicants.map { ledger.decide($0) }
      if ledger.isChanged { try await ledger.save(transaction) }
      return decisions
    }
  }

  /// Where a claim or registration puts a device that presents it, for those who are asked before it is granted. Nil:
  /// it will be refused.
  package func placement(_ applicant: Applicant) async throws -> (placement: DevicePlacement, claim: ClaimID?)? {
    let ledger = try await translating {
      try await pool.withConnection { connection in
        try await EnrolmentLedger.loadCredentials([applicant], connection)
      }
    }
    return ledger.placement(of: applicant)
  }

  /// Notes that the Registry knows the devices, and what they were told.
  ///
  /// - Parameter isUsable: whether a certificate that a device has already can be given to it.
  /// - Returns: which certificates are not recorded and must not be given out.
  package func complete(
    _ completions: [EnrolmentCompletion], unlessKnown isUsable: @Sendable (StoredCertificate, DeviceID) -> Bool
  ) async throws -> CertificateStore.Outcome {
    try await translating {
      try await pool.withTransaction { transaction in
        let outcome = try await CertificateStore(pool: pool).record(
          completions.compactMap(\.certificate), in: transaction, unlessKnown: isUsable)
        try await transaction.executeBatch(
          """
          update provisioner.devices set enrolled_at = clock_timestamp(),
            otp_director_key = coalesce(otp_director_key, $2), otp_root_version = coalesce(otp_root_version, $3),
            otp_root_document_hash = coalesce(otp_root_document_hash, $4),
            otp_publisher_signature_required = coalesce(otp_publisher_signature_required, $5),
            otp_security_epoch = coalesce(otp_security_epoch, $6)
          where id = $1
          """,
          // In one order everywhere, so that no two transactions wait for each other.
          completions.sorted { $0.device.bytes.lexicographicallyPrecedes($1.device.bytes) }.map { completion in
            [
              .uuid(completion.device.bytes), .bytea(completion.otp?.directorKey),
              .int8(completion.otp.map { Int64(clamping: $0.rootVersion) }), .bytea(completion.otp?.rootDocumentHash),
              .bool(completion.otp?.isPublisherSignatureRequired),
              .int8(completion.otp.map { Int64($0.securityEpoch) }),
            ]
          })
        return outcome
      }
    }
  }

  /// Whether the hash is that of the secret of a claim that was not revoked, or of a registered device.
  package func isKnown(secretHash hash: [UInt8]) async throws -> Bool {
    let row = try await translating {
      try await pool.queryFirst(
        """
        select exists (select from provisioner.claims where token_hash = $1 and revoked_at is null)
          or exists (select from provisioner.registrations where secret_hash = $1) as known
        """, [.bytea(hash)])
    }
    return try row?["known"].bool ?? false
  }

  /// The certificates that devices which ask again were given.
  package func freshCertificates(of devices: [DeviceID]) async throws -> [DeviceID: StoredCertificate] {
    guard !devices.isEmpty else { return [:] }
    return try await translating { try await CertificateStore(pool: pool).fresh(of: devices, pool) }
  }

  /// The device that has a polling token. From then on the token is not replaced.
  ///
  /// - Parameter hash: SHA-256 of the token.
  package func pollingDevice(tokenHash hash: [UInt8]) async throws -> DeviceID? {
    let row = try await translating {
      try await pool.queryFirst(
        """
        select id, polling_token_used_at is not null as used from provisioner.devices as d
        where polling_token_hash = $1 and reset_at is null
          and not exists (select from provisioner.revoked_devices as x where x.device_id = d.id)
        """, [.bytea(hash)])
    }
    guard let row else { return nil }
    let device = try DeviceID(stored: row["id"].uuid)
    guard try !row["used"].bool else { return device }
    // Not if it was replaced at this moment.
    let kept = try await translating {
      try await pool.execute(
        """
        update provisioner.devices set polling_token_used_at = coalesce(polling_token_used_at, clock_timestamp())
        where id = $1 and polling_token_hash = $2 and reset_at is null
        """, [.uuid(device.bytes), .bytea(hash)])
    }
    return kept == 1 ? device : nil
  }
}

/// A device that the Registry has, with what it is told.
package struct EnrolmentCompletion: Sendable {
  var device: DeviceID
  var otp: OTPRecord?
  var certificate: IssuedCertificate?

  /// - Parameters:
  ///   - otp: what it was told to burn; nil if it was told nothing.
  ///   - certificate: nil for a device that does without.
  package init(device: DeviceID, otp: OTPRecord?, certificate: IssuedCertificate?) {
    self.device = device
    self.otp = otp
    self.certificate = certificate
  }
}

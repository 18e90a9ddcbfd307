import Foundations
import PostgreSQL
import ProvisionerDomain
import ServiceDatabase

extension EnrolmentLedger {
  /// Takes the lock that makes batches go one after the other, and reads all that they may touch.
  static func load(for applicants: [Applicant], _ transaction: PostgresTransaction) async throws
    -> EnrolmentLedger
  {
    try await transaction.query("select pg_advisory_xact_lock(hashtextextended('provisioner.enrolment', 0))")
    var ledger = try await loadCredentials(applicants, transaction)
    let serials = Array(Set(applicants.map(\.serial)))
    let keys = Array(Set(applicants.compactMap(\.proof.keyHash)))
    let rows = try await transaction.pipeline([
      PostgresStatement(
        "select " + EnrolmentStore.deviceColumns
          + " from provisioner.devices as d where serial = any($1) and reset_at is null",
        [.textArray(serials)]),
      PostgresStatement(
        "select public_key_hash, id from provisioner.devices where public_key_hash = any($1)", [.byteaArray(keys)]),
      PostgresStatement(
        """
        select claim_id, serial, number, device_id from provisioner.claim_uses
        where claim_id = any($1) and serial = any($2)
        """, [.uuidArray(ledger.claims.values.map(\.id.bytes)), .textArray(serials)]),
    ])
    for row in rows[0] {
      let device = try EnrolledDevice(row)
      ledger.devices[SerialKey(product: device.product, serial: device.serial)] = device
      if !row["otp_director_key"].isNull { ledger.otpRecords[device.id] = try OTPRecord(row) }
    }
    for row in rows[1] {
      ledger.keyOwners[try row["public_key_hash"].bytes] = try DeviceID(stored: row["id"].uuid)
    }
    for row in rows[2] {
      let key = UseKey(claim: try row["claim_id"].uuid, serial: try row["serial"].text)
      ledger.uses[key] = Use(number: try row["number"].int, device: try DeviceID(stored: row["device_id"].uuid))
    }
    return ledger
  }

  /// What the devices present, without what became of it.
  static func loadCredentials(
    _ applicants: [Applicant], _ connection: some PostgresExecutor
  ) async throws -> EnrolmentLedger {
    var ledger = EnrolmentLedger()
    let secrets = Array(
      Set(
        applicants.compactMap { applicant -> [UInt8]? in
          if case .secret(let hash) = applicant.credential { hash } else { nil }
        }))
    let rows = try await connection.pipeline([
      // Locked against a revocation at this moment.
      PostgresStatement(
        "select token_hash, " + ClaimStore.columns
          + " from provisioner.claims where token_hash = any($1) order by id for no key update",
        [.byteaArray(secrets)]),
      PostgresStatement(
        """
        select serial, product, group_name, tags, name, public_key_hash, secret_hash from provisioner.registrations
        where serial = any($1) or secret_hash = any($2) or public_key_hash = any($3)
        """,
        [
          .textArray(Array(Set(applicants.map(\.serial)))), .byteaArray(secrets),
          .byteaArray(applicants.compactMap(\.proof.keyHash)),
        ]),
    ])
    for row in rows[0] { ledger.claims[try row["token_hash"].bytes] = try Claim(row) }
    for row in rows[1] {
      let registration = try Registration(row)
      ledger.registeredSerials.insert(registration.key)
      if let hash = registration.secretHash { ledger.registrationsBySecret[hash] = registration }
      if let hash = registration.publicKeyHash { ledger.registrationsByKey[hash] = registration }
    }
    return ledger
  }
}

extension OTPRecord {
  init(_ row: PostgresRow) throws {
    self.init(
      directorKey: try row["otp_director_key"].bytes, rootVersion: UInt64(clamping: try row["otp_root_version"].int64),
      rootDocumentHash: try row["otp_root_document_hash"].bytes,
      isPublisherSignatureRequired: try row["otp_publisher_signature_required"].bool,
      securityEpoch: UInt32(clamping: try row["otp_security_epoch"].int64))
  }
}

package import CertificateAuthority
import FoundationEssentials
package import Foundations
import OpenSSL
package import PostgreSQL
import ServiceDatabase

/// The record of what was issued and what was taken back.
package struct CertificateStore: Sendable {
  let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  /// The database's channel on which whoever answers or makes CRLs is told that there is something new.
  static let channel = "provisioner_revocations"

  /// Writes a certificate down; only then may its owner have it.
  ///
  /// - Throws: `RequestFailure` `device-revoked` if the device's certificates were taken back meanwhile.
  package func record(_ issued: IssuedCertificate, in transaction: PostgresTransaction) async throws {
    let devices = [issued].compactMap(\.device)
    try await Self.lock(PostgresValue.uuidArray(devices.map(\.bytes)), transaction)
    guard try await revoked(of: devices, transaction).isEmpty else { throw RequestFailure.deviceRevoked }
    try await insert([issued], transaction)
  }

  /// What became of the certificates of devices that enrolled.
  package struct Outcome: Sendable {
    /// Devices that were revoked meanwhile: they get none.
    package var revoked: Set<DeviceID> = []
    /// Devices that asked twice at once, each with the certificate that it has by now: that is the answer to both.
    package var known: [DeviceID: StoredCertificate] = [:]
  }

  /// Writes certificates of devices down, one for each device and key.
  ///
  /// - Parameter isUsable: whether a certificate that a device has already can be given to it.
  package func record(
    _ issued: [IssuedCertificate], in transaction: PostgresTransaction,
    unlessKnown isUsable: (StoredCertificate, DeviceID) -> Bool
  ) async throws -> Outcome {
    let devices = issued.compactMap(\.device)
    guard !devices.isEmpty else { return Outcome() }
    try await Self.lock(PostgresValue.uuidArray(devices.map(\.bytes)), transaction)
    var outcome = Outcome(revoked: try await revoked(of: devices, transaction))
    // Other batches may have written down what they gave to the same device, and a batch may have it twice.
    var newest = try await fresh(of: devices, transaction)
    var new: [IssuedCertificate] = []
    for issued in issued {
      guard let device = issued.device, !outcome.revoked.contains(device) else { continue }
      let stored = StoredCertificate(
        certificate: issued.certificate, issuerKeyHash: issued.issuerKeyHash, publicKeyHash: try issued.publicKeyHash)
      if let known = newest[device], known.publicKeyHash == stored.publicKeyHash, isUsable(known, device) {
        outcome.known[device] = known
      } else {
        newest[device] = stored
        new.append(issued)
      }
    }
    try await insert(new, transaction)
    return outcome
  }

  private func revoked(of devices: [DeviceID], _ transaction: PostgresTransaction) async throws -> Set<DeviceID> {
    let rows = try await transaction.query(
      "select device_id from provisioner.revoked_devices where device_id = any($1)",
      [PostgresValue.uuidArray(devices.map(\.bytes))])
    return Set(try rows.map { try DeviceID(stored: $0["device_id"].uuid) })
  }

  /// Writes the certificates down as their devices' newest.
  private func insert(_ issued: [IssuedCertificate], _ transaction: PostgresTransaction) async throws {
    guard !issued.isEmpty else { return }
    try await transaction.execute(
      "update provisioner.certificates set certificate = null where device_id = any($1) and certificate is not null",
      [PostgresValue.uuidArray(issued.compactMap(\.device).map(\.bytes))])
    _ = try await transaction.executeBatch(
      """
      insert into provisioner.certificates
        (issuer, serial_number, device_id, subject, public_key_hash, not_before, not_after, has_list_name,
         certificate)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      """,
      issued.map { issued in
        let certificate = issued.certificate
        return [
          .bytea(issued.issuerKeyHash), .bytea(certificate.serialNumber), .uuid(issued.device?.bytes),
          .text(issued.owner.uri), .bytea(try issued.publicKeyHash),
          .timestamp(PostgresTimestamp(certificate.notBefore)), .timestamp(PostgresTimestamp(certificate.notAfter)),
          .bool(issued.device != nil), .bytea(issued.device == nil ? nil : certificate.der),
        ]
      })
  }

  /// What became of a certificate that a device asked for.
  enum Recorded: Sendable {
    case done
    /// The device got another one meanwhile, which is the answer.
    case known(StoredCertificate)
    case tooMany
  }

  /// Writes a further certificate of a device down, unless it has a fresh one or too many that are good.
  ///
  /// - Throws: `RequestFailure` `device-revoked` if the device's certificates were taken back meanwhile.
  func record(
    _ issued: IssuedCertificate, of device: DeviceID, ifFewerThan limit: Int, in transaction: PostgresTransaction
  ) async throws -> Recorded {
    // Of several at once, each sees those before it.
    try await Self.lock(PostgresValue.uuidArray([device.bytes]), transaction)
    if let known = try await fresh(of: [device], transaction)[device] { return .known(known) }
    let row = try await transaction.queryFirst(
      """
      select count(*) as good from provisioner.certificates
      where device_id = $1 and not_after > clock_timestamp() and revoked_at is null
      """, [.uuid(device.bytes)])
    guard let row, try row["good"].int < limit else { return .tooMany }
    try await record(issued, in: transaction)
    return .done
  }

  /// Takes a device's certificates back, and lets it have no others. A repeat changes nothing.
  ///
  /// - Returns: whether there was one that was still good.
  package func revoke(
    _ device: DeviceID, reason: String, requester: String, in transaction: PostgresTransaction
  ) async throws -> Bool {
    try await Self.lock(PostgresValue.uuidArray([device.bytes]), transaction)
    try await transaction.execute(
      """
      insert into provisioner.revoked_devices (device_id, reason, requester) values ($1, $2, $3)
      on conflict (device_id) do nothing
      """, [.uuid(device.bytes), .text(reason), .text(requester)])
    let rows = try await transaction.query(
      """
      with taken as (
        update provisioner.certificates set revoked_at = clock_timestamp(), revocation_reason = $2
        where device_id = $1 and revoked_at is null and not_after > clock_timestamp()
        returning issuer
      )
      update provisioner.issuers set changes = changes + 1 where key_hash in (select issuer from taken)
      returning key_hash
      """, [.uuid(device.bytes), .text(reason)])
    try await transaction.execute("select pg_notify($1, '')", [.text(Self.channel)])
    return !rows.isEmpty
  }

  /// The same in a transaction of its own.
  package func revoke(_ device: DeviceID, reason: String, requester: String) async throws -> Bool {
    try await translating {
      try await pool.withTransaction { transaction in
        try await revoke(device, reason: reason, requester: requester, in: transaction)
      }
    }
  }

  /// What a device may renew with.
  struct Standing: Sendable {
    /// SHA-256 of the key that its newest certificate is for.
    var publicKeyHash: [UInt8]
    var isRevoked: Bool
    /// How many certificates it has that are good.
    var goodCount: Int
  }

  /// What a device may renew with; nil for one that never had a certificate.
  func standing(_ device: DeviceID) async throws -> Standing? {
    try await translating {
      let row = try await pool.queryFirst(
        """
        select public_key_hash,
          exists (select from provisioner.revoked_devices where device_id = $1) as revoked,
          (select count(*) from provisioner.certificates
            where device_id = $1 and not_after > clock_timestamp() and revoked_at is null) as good
        from provisioner.certificates where device_id = $1 order by not_after desc, issued_at desc limit 1
        """, [.uuid(device.bytes)])
      return try row.map { row in
        Standing(
          publicKeyHash: try row["public_key_hash"].bytes, isRevoked: try row["revoked"].bool,
          goodCount: try row["good"].int)
      }
    }
  }

  /// Forgets what ended long ago, which no CRL needs.
  ///
  /// A clock that jumped ahead by itself makes nothing long ago: with the record, a device that was revoked would be let
  /// in again when the clock is right. So time goes on here as certificates are issued.
  func removeExpired() async throws -> Int {
    try await pool.execute(
      """
      delete from provisioner.certificates
      where not_after < least(clock_timestamp(), (select max(issued_at) from provisioner.certificates))
        - interval '90 days'
      """)
  }

  /// Takes the devices' locks, so that a certificate that is made while its device is revoked either sees that, or is
  /// seen by it.
  package static func lock(_ ids: PostgresValue, _ transaction: PostgresTransaction) async throws {
    // In one order everywhere, so that no two transactions wait for each other.
    try await transaction.execute(
      """
      select pg_advisory_xact_lock(hashtextextended(id::text, 1)) from unnest($1) as id order by id
      """, [ids])
  }
}

extension IssuedCertificate {
  fileprivate var publicKeyHash: [UInt8] {
    get throws { try SHA256.digest(of: certificate.subjectPublicKeyInfo) }
  }
}

extension RequestFailure {
  /// The device was taken out of service.
  package static var deviceRevoked: RequestFailure {
    RequestFailure(
      .permissionDenied, reason: "device-revoked",
      message: "the device's certificates were taken back: it can't have others; ask the operator")
  }
}

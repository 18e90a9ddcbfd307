import DeviceCertificates
package import Foundations
package import PostgreSQL
package import ProvisionerDomain
import ServiceDatabase

/// Devices as operators deal with them: those that enrolled, and those that are named beforehand.
package struct DeviceStore: Sendable {
  let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  /// Names a device before it enrols.
  ///
  /// - Returns: the secret that the device presents, shown this once; nil if its key is what it presents.
  package func register(_ new: NewRegistration) async throws -> SecretText? {
    let secret = new.publicKeyHash == nil ? try SecretText.random(.device) : nil
    let count = try await translating {
      try await pool.execute(
        """
        insert into provisioner.registrations
          (serial, product, group_name, tags, name, public_key_hash, secret_hash)
        select $1, $2, $3, $4, $5, $6, $7
        where not exists (
          select from provisioner.devices where serial = $1 and product = $2 and reset_at is null)
        on conflict do nothing
        """,
        [
          .text(new.serial), .text(new.placement.product), .text(new.placement.group), .textArray(new.placement.tags),
          .text(new.name), .bytea(new.publicKeyHash), .bytea(try secret?.hash),
        ])
    }
    guard count == 1 else { throw RequestFailure.serialRegistered(new.serial) }
    return secret
  }

  /// Takes back that a device is named beforehand. What it enrolled as stays.
  ///
  /// - Returns: whether there was one.
  package func unregister(serial: String, product: String) async throws -> Bool {
    try await translating {
      try await pool.execute(
        "delete from provisioner.registrations where serial = $1 and product = $2", [.text(serial), .text(product)])
        == 1
    }
  }

  /// Lets another board, or the same one with a new key, enrol under a serial number: as a new device. The one that had
  /// it is revoked.
  ///
  /// - Parameter requester: for the record of revocations.
  /// - Returns: the device that had it.
  package func reset(serial: String, product: String, requester: String) async throws -> DeviceID {
    try await translating {
      try await pool.withTransaction { transaction in
        let values: [PostgresValue] = [.text(serial), .text(product)]
        let row = try await transaction.queryFirst(
          "select id from provisioner.devices where serial = $1 and product = $2 and reset_at is null", values)
        guard let row else { throw RequestFailure.unknownSerial(serial) }
        let device = try DeviceID(stored: row["id"].uuid)
        // First, as whoever records a certificate takes the same locks in this order.
        _ = try await CertificateStore(pool: pool).revoke(
          device, reason: "reset", requester: requester, in: transaction)
        let count = try await transaction.execute(
          """
          update provisioner.devices set reset_at = clock_timestamp(), polling_token_hash = null
          where id = $1 and reset_at is null
          """, [.uuid(device.bytes)])
        guard count == 1 else { throw RequestFailure.unknownSerial(serial) }
        return device
      }
    }
  }

  /// Devices, enrolled or named beforehand, newest first.
  ///
  /// - Parameters:
  ///   - flagged: only those whose OTP bank disagrees with the record.
  ///   - serial: nil: of any.
  package func list(
    flagged: Bool, serial: String?, after cursor: ListCursor?, limit: Int
  ) async throws -> (devices: [DeviceEntry], next: ListCursor?) {
    var sql: SQL =
      """
      select * from (
        select id, serial, product, group_name, name,
      """ + " " + EnrolmentStore.state
        + """
           as state, public_key_hash, polling_token_hash is not null as has_token,
            created_at, enrolled_at, otp_reported_at, otp_differences
          from provisioner.devices as d
          union all
          select id, serial, product, group_name, name, 'waiting', public_key_hash, false, created_at, null, null, '{}'
          from provisioner.registrations as r
          where not exists (
            select from provisioner.devices as d
            where d.serial = r.serial and d.product = r.product and d.reset_at is null)
        ) as entries where true
        """
    // One more than asked for tells whether there are more.
    var values: [PostgresValue] = [.int(limit + 1), .text(serial ?? "")]
    sql += serial == nil ? " and $2 = ''" : " and serial = $2"
    if flagged { sql += " and otp_differences <> '{}'" }
    if let cursor {
      sql += " and (created_at, id) < ($3, $4)"
      values += [.timestamp(cursor.createdAt), .uuid(cursor.id)]
    }
    sql += " order by created_at desc, id desc limit $1"
    let (statement, parameters) = (sql, values)
    return try await translating {
      let rows = try await pool.query(statement, parameters)
      let devices = try rows.prefix(limit).map { try DeviceEntry($0) }
      guard rows.count > limit else { return (devices, nil) }
      let last = rows[limit - 1]
      return (devices, ListCursor(createdAt: try last["created_at"].timestamp, id: try last["id"].uuid))
    }
  }
}

extension EnrolmentStore {
  /// The state of a device `d`, as SQL.
  static let state: SQL =
    """
    case when d.reset_at is not null then 'reset'
      when exists (select from provisioner.revoked_devices as x where x.device_id = d.id) then 'revoked'
      when d.enrolled_at is null then 'reserved' else 'enrolled' end
    """

  static let deviceColumns: SQL =
    """
    d.id, d.serial, d.product, d.name, d.public_key_hash, d.polling_token_hash is not null as has_token,
    d.polling_token_used_at is not null as token_used, d.otp_director_key, d.otp_root_version,
    d.otp_root_document_hash, d.otp_publisher_signature_required, d.otp_security_epoch,
    """ + " " + state + " as state"
}

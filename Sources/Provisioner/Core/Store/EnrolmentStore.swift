import FirmwareImage
package import PostgreSQL
import Wire

/// Who used which claim.
package struct EnrolmentStore: Sendable {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package enum Reservation: Sendable {
    case granted(Enrolment, claim: Claim)
    /// The token belongs to no claim.
    case unknown
    case expired(Claim)
    case revoked(Claim)
    case exhausted(Claim)
  }

  /// Takes a use of the claim for the serial, or finds the one that it took before.
  func reserve(tokenHash: [UInt8], serial: String) async throws -> Reservation {
    try await translating {
      do {
        return try await attempt(tokenHash: tokenHash, serial: serial)
      } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
        // It may have happened; a repeat then finds it.
        return try await attempt(tokenHash: tokenHash, serial: serial)
      }
    }
  }

  private func attempt(tokenHash: [UInt8], serial: String) async throws -> Reservation {
    try await pool.withTransaction { transaction in
      // The lock lets devices with one claim pass one after the other, so the count holds.
      let found = try await transaction.queryFirst(
        "select " + ClaimStore.columns + " from provisioner.claims where token_hash = $1 for no key update",
        [.bytea(tokenHash)])
      guard let found else { return .unknown }
      let claim = try Claim(found)
      if claim.isRevoked { return .revoked(claim) }
      if claim.isExpired { return .expired(claim) }
      let earlier = try await transaction.queryFirst(
        """
        select serial, device_id, name, state, reserved_at as at from provisioner.enrolments
        where claim_id = $1 and serial = $2
        """, [.uuid(claim.id.bytes), .text(serial)])
      if let earlier { return .granted(try Enrolment(earlier), claim: claim) }
      if claim.used >= claim.count { return .exhausted(claim) }
      return .granted(try await Self.take(claim, serial, transaction), claim: claim)
    }
  }

  private static func take(
    _ claim: Claim, _ serial: String, _ transaction: PostgresTransaction
  ) async throws -> Enrolment {
    let number = claim.used + 1
    try await transaction.execute(
      "update provisioner.claims set used = $2 where id = $1", [.uuid(claim.id.bytes), .int(number)])
    let rows = try await transaction.query(
      """
      insert into provisioner.enrolments (claim_id, serial, number, device_id, name, state)
      values ($1, $2, $3, $4, $5, 'reserved')
      returning serial, device_id, name, state, reserved_at as at
      """,
      [
        .uuid(claim.id.bytes), .text(serial), .int(number), .uuid(DeviceID.random().bytes),
        .text("\(claim.namePrefix)-\(number)"),
      ])
    return try Enrolment(rows[0])
  }

  /// Notes that the Registry knows the device.
  func markRegistered(_ device: DeviceID) async throws {
    try await translating {
      _ = try await pool.execute(
        """
        update provisioner.enrolments set state = 'registered', registered_at = clock_timestamp()
        where device_id = $1 and state = 'reserved'
        """, [.uuid(device.bytes)])
    }
  }
}

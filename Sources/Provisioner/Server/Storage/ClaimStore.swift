import Foundations
import OpenSSL
package import PostgreSQL
package import ProvisionerDomain
import ServiceDatabase

/// The claims in the database.
package struct ClaimStore: Sendable {
  let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  static let columns: SQL = """
    id, count, used, product, group_name, tags, serials, name_prefix, created_at, expires_at,
    revoked_at is not null as revoked, expires_at <= clock_timestamp() as expired
    """

  /// Makes a claim.
  ///
  /// - Returns: the claim, and the secret that is shown this once.
  package func create(_ new: NewClaim) async throws -> (claim: Claim, secret: SecretText) {
    let secret = try SecretText.random(.claim)
    let hash = try secret.hash
    let id = ClaimID.random()
    let namePrefix = new.namePrefix.isEmpty ? id.namePrefix : new.namePrefix
    let claim = try await translating {
      let rows = try await pool.query(
        """
        insert into provisioner.claims
          (id, token_hash, count, product, tags, name_prefix, created_at, expires_at, group_name, serials)
        select $1, $2, $3, $4, $5, $6, now, now + $7 * interval '1 second', $8, $9 from clock_timestamp() as now
        returning
        """ + " " + Self.columns,
        [
          .uuid(id.bytes), .bytea(hash), .int(new.count), .text(new.product), .textArray(new.tags),
          .text(namePrefix), .int(new.lifetimeSeconds), .text(new.group), .textArray(new.serials),
        ])
      return try Claim(rows[0])
    }
    return (claim, secret)
  }

  /// Claims, newest first.
  ///
  /// - Returns: up to `limit` claims, and where the next page begins, if there is one.
  package func list(
    after cursor: ListCursor?, limit: Int
  ) async throws -> (claims: [Claim], next: ListCursor?) {
    try await translating {
      var sql: SQL = "select " + Self.columns + " from provisioner.claims"
      // One more than asked for tells whether there are more.
      var values: [PostgresValue] = [.int(limit + 1)]
      if let cursor {
        sql += " where (created_at, id) < ($2, $3)"
        values += [.timestamp(cursor.createdAt), .uuid(cursor.id)]
      }
      sql += " order by created_at desc, id desc limit $1"
      let rows = try await pool.query(sql, values)
      let claims = try rows.prefix(limit).map { try Claim($0) }
      guard rows.count > limit, let last = claims.last else { return (claims, nil) }
      return (claims, ListCursor(createdAt: try rows[limit - 1]["created_at"].timestamp, id: last.id.bytes))
    }
  }

  /// The claim with that ID.
  ///
  /// - Throws: `unknown-claim` if there is none.
  package func claim(_ id: ClaimID) async throws -> Claim {
    let row = try await translating {
      try await pool.queryFirst("select " + Self.columns + " from provisioner.claims where id = $1", [.uuid(id.bytes)])
    }
    guard let row else { throw RequestFailure.unknownClaim(id) }
    return try Claim(row)
  }

  /// The devices that took a use of the claim, newest first.
  package func uses(of id: ClaimID, limit: Int = 100) async throws -> [ClaimUse] {
    try await translating {
      try await pool.query(
        """
        select u.serial, u.device_id, d.name, d.enrolled_at is not null as registered,
          coalesce(d.enrolled_at, u.used_at) as at
        from provisioner.claim_uses as u join provisioner.devices as d on d.id = u.device_id
        where u.claim_id = $1 order by u.number desc limit $2
        """, [.uuid(id.bytes), .int(limit)]
      ).map { try ClaimUse($0) }
    }
  }

  /// Takes a claim back: from now on nobody enrols with it. A repeat changes nothing.
  package func revoke(_ id: ClaimID) async throws -> Claim {
    let row = try await translating {
      try await pool.queryFirst(
        """
        update provisioner.claims set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1 returning
        """ + " " + Self.columns,
        [.uuid(id.bytes)])
    }
    guard let row else { throw RequestFailure.unknownClaim(id) }
    return try Claim(row)
  }

  /// How many claims devices can enrol with.
  package func openCount() async throws -> Int {
    try await translating {
      try await pool.queryFirst(
        """
        select count(*) as n from provisioner.claims
        where revoked_at is null and expires_at > clock_timestamp() and used < count
        """)?["n"].int ?? 0
    }
  }
}

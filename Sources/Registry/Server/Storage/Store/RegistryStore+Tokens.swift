import Authorization
package import FoundationEssentials
import Foundations
import OpenSSL
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Makes a token.
  ///
  /// - Returns: the token, and its secret, which nobody can ask for again.
  /// - Throws: `conflict` if there is one of that name which is not revoked.
  package func createToken(
    _ new: NewToken, by requester: Requester
  ) async throws -> (token: APIToken, secret: TokenSecret) {
    let secret = try TokenSecret.random()
    let (id, hash) = (try randomBytes(count: 16), try secret.hash)
    let token = try await write { connection in
      let rows = try await connection.query(
        """
        insert into registry.tokens (id, name, hash, scopes, created_by, expires_at)
        values ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond')
        on conflict (name) where revoked_at is null do nothing
        returning
        """ + TokenRow.columns,
        [
          .uuid(id), .text(new.name), .bytea(hash), .textArray(new.scopes.map(\.rawValue)),
          .text(requester.principal), .int8(new.lifetime?.wholeMilliseconds),
        ])
      guard let row = rows.first else { throw RequestFailure.tokenExists(new.name) }
      let token = try TokenRow.token(row)
      var detail: [String: JSONValue] = ["scopes": .array(token.scopes.map { .string($0.rawValue) })]
      if let lifetime = new.lifetime { detail["lifetimeSeconds"] = .integer(lifetime.components.seconds) }
      try await Self.append(AuditRecord(.createToken, token.principal, by: requester, detail), connection)
      return token
    }
    return (token, secret)
  }

  /// All tokens, also revoked ones, newest first.
  ///
  /// - Parameter number: where the page before ended; nil: from the newest.
  package func tokens(before number: UInt64?, limit: Int) async throws -> Page<APIToken, UInt64> {
    let statement: SQL =
      "select number," + TokenRow.columns + " from registry.tokens where number < $1 order by number desc limit $2"
    let rows = try await read { connection in
      try await connection.query(statement, [.int8(number.map { Int64(clamping: $0) } ?? .max), .int(limit + 1)])
    }
    let page = rows.prefix(limit)
    return Page(
      items: try page.map(TokenRow.token),
      next: rows.count > limit ? try page.last.map { UInt64(try $0["number"].int64) } : nil)
  }

  /// Revokes the token of this name. A repeat answers the token that was revoked last.
  ///
  /// - Throws: `notFound` if there never was one.
  package func revokeToken(_ name: String, by requester: Requester) async throws -> APIToken {
    let name = try NewToken.valid(name: name)
    return try await write { connection in
      let revoked = try await connection.query(
        """
        update registry.tokens set revoked_at = clock_timestamp() where name = $1 and revoked_at is null returning
        """ + TokenRow.columns,
        [.text(name)])
      if let row = revoked.first {
        let token = try TokenRow.token(row)
        try await Self.append(AuditRecord(.revokeToken, token.principal, by: requester), connection)
        return token
      }
      let statement: SQL =
        "select" + TokenRow.columns + " from registry.tokens where name = $1 order by revoked_at desc limit 1"
      guard let row = try await connection.query(statement, [.text(name)]).first else {
        throw RequestFailure.unknownToken(name)
      }
      return try TokenRow.token(row)
    }
  }

  /// Finds the token with this hash, and whether it has expired, by the database's clock.
  ///
  /// - Returns: nil: there is no such token.
  package func presentedToken(hash: [UInt8]) async throws -> (token: APIToken, isExpired: Bool)? {
    let statement: SQL =
      "select" + TokenRow.columns
      + ", coalesce(expires_at <= clock_timestamp(), false) as is_expired from registry.tokens where hash = $1"
    let row = try await read { try await $0.queryFirst(statement, [.bytea(hash)]) }
    return try row.map { (try TokenRow.token($0), try $0["is_expired"].bool) }
  }

  /// Notes when tokens were used last. Times only move forward, whichever replica writes later.
  package func noteUse(of tokens: [[UInt8]: Date]) async throws {
    guard !tokens.isEmpty else { return }
    // In one order, as all transactions lock rows.
    let uses = tokens.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    _ = try await write { connection in
      try await connection.query(
        """
        with uses as (
          select t.number, 'epoch'::timestamptz + u.at * interval '1 microsecond' as at
          from unnest($1::uuid[], $2::int8[]) as u (id, at) join registry.tokens t on t.id = u.id
          order by t.id for update of t
        )
        update registry.tokens t set last_used_at = greatest(t.last_used_at, uses.at)
        from uses where t.number = uses.number
        """,
        [
          .uuidArray(uses.map(\.key)),
          .int8Array(uses.map { PostgresTimestamp($0.value).microsecondsSince1970 }),
        ])
    }
  }
}

/// How a token is read from its table.
enum TokenRow {
  static let columns: SQL = " id, name, scopes, created_at, created_by, expires_at, last_used_at, revoked_at"

  static func token(_ row: PostgresRow) throws -> APIToken {
    APIToken(
      id: try row["id"].uuid, name: try row["name"].text,
      // A scope that a newer replica made is none that this one could grant.
      scopes: try row["scopes"].textArray.compactMap(AccessScope.init),
      createdAt: try row["created_at"].date, createdBy: try row["created_by"].text,
      expiresAt: try row["expires_at"].optional?.date, lastUsedAt: try row["last_used_at"].optional?.date,
      revokedAt: try row["revoked_at"].optional?.date)
  }
}

import CertificateAuthority
import FoundationEssentials
import OpenSSL
import PostgreSQL

extension CertificateStore {
  /// Tells the database which authority this replica has.
  ///
  /// - Returns: whether each issuer is known to the readers of CRLs by now, in the authority's order.
  func register(_ authority: Authority, settling: Duration) async throws -> [Bool] {
    let roots = try authority.trustRoots
    return try await pool.withTransaction { transaction in
      // A replica whose folder is older must not take anything back.
      let isNewer =
        try await transaction.execute(
          """
          update provisioner.revocation_state set generation = $1, trust_roots = $2, state = state + 1
          where generation < $1 or (generation = $1 and trust_roots <> $2)
          """, [.int(authority.generation), .text(roots)]) > 0
      var settled: [Bool] = []
      for issuer in authority.issuers {
        try await transaction.execute(
          """
          insert into provisioner.issuers (key_hash, certificate, not_after) values ($1, $2, $3)
          on conflict (key_hash) do nothing
          """,
          [
            .bytea(issuer.keyHash), .bytea(issuer.certificate.der),
            .timestamp(PostgresTimestamp(issuer.certificate.notAfter)),
          ])
        let row = try await transaction.queryFirst(
          """
          select exists (select from provisioner.revocation_lists where issuer = key_hash)
            and first_seen < clock_timestamp() - $2 * interval '1 millisecond' as settled
          from provisioner.issuers where key_hash = $1
          """, [.bytea(issuer.keyHash), .int(Int(settling / .milliseconds(1)))])
        settled.append(try row?["settled"].bool ?? false)
      }
      if isNewer { try await transaction.execute("select pg_notify($1, '')", [.text(Self.channel)]) }
      return settled
    }
  }
}

import OpenSSL
import PostgreSQL

extension CertificateStore {
  /// Whether what a replica knows is what the database has.
  func isCurrent(_ known: RevocationSnapshot) async throws -> Bool {
    guard let row = try await pool.queryFirst("select state, revision, nonce from provisioner.revocation_state") else {
      return false
    }
    return try UInt64(row["state"].int) == known.state && row["revision"].int64 == known.revision
      && row["nonce"].bytes == known.nonce
  }

  /// What everybody is told of revocations.
  ///
  /// - Parameter known: what a replica has already; only what came after it is read.
  func revocations(after known: RevocationSnapshot? = nil) async throws -> RevocationSnapshot {
    try await pool.withTransaction(isolation: .repeatableRead) { transaction in
      guard
        let row = try await transaction.queryFirst(
          "select state, revision, nonce, trust_roots from provisioner.revocation_state")
      else { throw PostgresError(.decoding, "the Provisioner's row of revocations is missing") }
      var snapshot = RevocationSnapshot(
        state: UInt64(try row["state"].int), revision: try row["revision"].int64, nonce: try row["nonce"].bytes,
        roots: try X509Certificate.all(pem: Array(try row["trust_roots"].text.utf8)), published: [])
      var start: Int64 = 0
      if let known, try await Self.isKnown(known.revision, known.nonce, transaction) {
        snapshot.published = known.published
        start = known.revision
      }
      snapshot.append(
        try await transaction.query(
          """
          select l.issuer, l.number, l.kind, l.revision, l.nonce, l.crl
          from provisioner.revocation_lists as l join provisioner.issuers as i on i.key_hash = l.issuer
          where l.revision > $1 and i.not_after > clock_timestamp() order by l.revision, i.first_seen, l.issuer, l.number
          """, [.int8(start)]
        ).map { row in
          PublishedList(
            issuer: try row["issuer"].bytes, number: try row["number"].int64,
            kind: PublishedList.Kind(rawValue: try row["kind"].text) ?? .full, revision: try row["revision"].int64,
            nonce: try row["nonce"].bytes, list: try CertificateRevocationList(der: try row["crl"].bytes))
        })
      return snapshot
    }
  }

  /// Whether the database has this publication in its past.
  static func isKnown(
    _ revision: Int64, _ nonce: [UInt8], _ transaction: PostgresTransaction
  ) async throws -> Bool {
    let row = try await transaction.queryFirst(
      "select nonce from provisioner.revocation_revisions where revision = $1", [.int8(revision)])
    return try row?["nonce"].bytes == nonce
  }

  /// Forgets what is of no more use: lists of issuers that have ended, and publications that nothing refers to.
  func removeExpiredLists() async throws {
    try await pool.execute(
      """
      delete from provisioner.revocation_lists as l using provisioner.issuers as i
      where i.key_hash = l.issuer and i.not_after < clock_timestamp() - interval '90 days'
      """)
    try await pool.execute(
      """
      delete from provisioner.revocation_revisions as r
      where published_at < clock_timestamp() - interval '90 days'
        and revision < (select revision from provisioner.revocation_state)
        and not exists (select from provisioner.certificates as c where c.revision = r.revision)
        and not exists (select from provisioner.revocation_lists as l where l.revision = r.revision)
      """)
  }
}

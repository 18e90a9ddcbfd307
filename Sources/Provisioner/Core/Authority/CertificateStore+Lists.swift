import FoundationEssentials
package import OpenSSL
import PostgreSQL

/// How long CRLs are good, and when they are made anew.
package struct RevocationListTimes: Sendable {
  /// From one list's making to when there must be another.
  package var lifetime: Duration

  package init(lifetime: Duration = .seconds(7 * 86_400)) {
    self.lifetime = lifetime
  }

  /// What must be left of a list at least: it is made anew after a seventh of its life, so that readers who hear of
  /// nothing for days still have one in force.
  var leastRemaining: Duration { lifetime * 6 / 7 }
}

/// What everybody is told of roots and revocations.
package struct RevocationSnapshot: Sendable, Equatable {
  /// Grows with every change.
  package var state: UInt64
  package var roots: [X509Certificate]
  package var lists: [CertificateRevocationList]
}

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
          select crl is not null and first_seen < clock_timestamp() - $2 * interval '1 millisecond' as settled
          from provisioner.issuers where key_hash = $1
          """, [.bytea(issuer.keyHash), .int(Int(settling / .milliseconds(1)))])
        settled.append(try row?["settled"].bool ?? false)
      }
      if isNewer { try await transaction.execute("select pg_notify($1, '')", [.text(Self.channel)]) }
      return settled
    }
  }

  /// Makes the lists anew that lack something or have not long to go, of the issuers whose keys are here.
  ///
  /// - Returns: whether one of them must wait for the next second.
  func remakeLists(of issuers: [CertificateSigner], times: RevocationListTimes, now: Date) async throws -> Bool {
    let due = try await pool.query(
      """
      select key_hash from provisioner.issuers
      where key_hash = any($1) and not_after > $2
        and (crl is null or crl_changes < changes or crl_next_update < $3)
      """,
      [
        .byteaArray(issuers.map(\.keyHash)), .timestamp(PostgresTimestamp(now)),
        .timestamp(PostgresTimestamp(now.addingTimeInterval(times.leastRemaining / .seconds(1)))),
      ]
    ).map { try $0["key_hash"].bytes }
    var mustWait = false
    for issuer in issuers where due.contains(issuer.keyHash) {
      if try await !remake(issuer, times, now) { mustWait = true }
    }
    return mustWait
  }

  /// - Returns: false if it is too soon: of two lists of one second readers could keep the older one.
  private func remake(_ issuer: CertificateSigner, _ times: RevocationListTimes, _ now: Date) async throws -> Bool {
    try await pool.withTransaction { transaction in
      // The lock makes replicas take turns; the second finds nothing to do.
      guard
        let row = try await transaction.queryFirst(
          """
          select changes, crl_number, crl_this_update,
            (crl is null or crl_changes < changes or crl_next_update < $2) as due
          from provisioner.issuers where key_hash = $1 for no key update
          """,
          [
            .bytea(issuer.keyHash),
            .timestamp(PostgresTimestamp(now.addingTimeInterval(times.leastRemaining / .seconds(1)))),
          ]), try row["due"].bool
      else { return true }
      let before = try row["crl_this_update"].optional?.date
      // Set back for readers whose clocks are behind, and never as early as the one before.
      let thisUpdate = max(
        now.addingTimeInterval(-CertificateSigner.clockTolerance / 2),
        before?.addingTimeInterval(1) ?? .distantPast, issuer.certificate.notBefore)
      guard thisUpdate <= now else { return false }
      let (changes, number) = (try row["changes"].int64, try row["crl_number"].int64 + 1)
      let list = try await list(
        issuer, number, thisUpdate, now.addingTimeInterval(times.lifetime / .seconds(1)), transaction)
      try await transaction.execute(
        """
        update provisioner.issuers
        set crl = $2, crl_number = $3, crl_changes = $4, crl_this_update = $5, crl_next_update = $6
        where key_hash = $1
        """,
        [
          .bytea(issuer.keyHash), .bytea(list.der), .int8(number), .int8(changes),
          .timestamp(PostgresTimestamp(list.thisUpdate)), .timestamp(PostgresTimestamp(list.nextUpdate)),
        ])
      try await transaction.execute("update provisioner.revocation_state set state = state + 1")
      try await transaction.execute("select pg_notify($1, '')", [.text(Self.channel)])
      return true
    }
  }

  private func list(
    _ issuer: CertificateSigner, _ number: Int64, _ thisUpdate: Date, _ nextUpdate: Date,
    _ transaction: PostgresTransaction
  ) async throws -> CertificateRevocationList {
    // A certificate that has expired is refused for that; a day on top is for clocks that are behind.
    let entries = try await transaction.query(
      """
      select serial_number, revoked_at from provisioner.certificates
      where issuer = $1 and revoked_at is not null and not_after > clock_timestamp() - interval '1 day'
      """, [.bytea(issuer.keyHash)]
    ).map { row in
      CertificateRevocationList.Entry(
        serialNumber: try row["serial_number"].bytes, date: try row["revoked_at"].date)
    }
    return try CertificateRevocationList(
      issuer: issuer.certificate, issuerKey: issuer.key, number: number, thisUpdate: thisUpdate,
      nextUpdate: nextUpdate, entries: entries)
  }

  func revocationState() async throws -> UInt64 {
    UInt64(try await pool.queryFirst("select state from provisioner.revocation_state")?["state"].int ?? 0)
  }

  func revocations() async throws -> RevocationSnapshot {
    try await pool.withTransaction(isolation: .repeatableRead) { transaction in
      guard
        let row = try await transaction.queryFirst("select state, trust_roots from provisioner.revocation_state")
      else { throw PostgresError(.decoding, "the Provisioner's row of revocations is missing") }
      let lists = try await transaction.query(
        """
        select crl from provisioner.issuers where crl is not null and not_after > clock_timestamp()
        order by first_seen, key_hash
        """
      ).map { try CertificateRevocationList(der: $0["crl"].bytes) }
      return RevocationSnapshot(
        state: UInt64(try row["state"].int),
        roots: try X509Certificate.all(pem: Array(try row["trust_roots"].text.utf8)),
        lists: lists)
    }
  }
}

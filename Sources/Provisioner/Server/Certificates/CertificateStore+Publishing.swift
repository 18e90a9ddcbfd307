import CertificateAuthority
import FoundationEssentials
import OpenSSL
import PostgreSQL
import ServiceDatabase

extension CertificateStore {
  /// The shortest time between two publications: a burst of revocations shares one.
  private static let publicationPause = Duration.seconds(1)
  /// The shortest time between two lists with everything, which certificates without a distribution point need.
  private static let fullListPause = Duration.seconds(3)

  /// Publishes what was taken back since the last time, of the issuers whose keys are here.
  ///
  /// - Returns: whether there is something that must wait for a while yet.
  func publish(for issuers: [CertificateSigner], now: Date) async throws -> Bool {
    let issuers = issuers.filter { $0.certificate.notAfter > now }
    guard try await isAnythingDue(issuers) else { return false }
    return try await pool.withTransaction { transaction in
      // The lock makes replicas take turns; the second finds nothing to do.
      guard
        let row = try await transaction.queryFirst(
          """
          select revision, coalesce(published_at > clock_timestamp() - $1 * interval '1 millisecond', false) as recent
          from provisioner.revocation_state for no key update
          """, [.int(Int(Self.publicationPause / .milliseconds(1)))])
      else { throw PostgresError(.decoding, "the Provisioner's row of revocations is missing") }
      let publication = Publication(
        revision: try row["revision"].int64 + 1, nonce: try randomBytes(count: 16), now: now)
      let isRecent = try row["recent"].bool
      var (mustWait, count) = (false, 0)
      for issuer in issuers {
        var standing = try await standing(of: issuer, transaction)
        if !standing.backlog.hasFirst {
          try await add(.first, of: issuer, publication, &standing, transaction)
          count += 1
        }
        guard let kind = standing.backlog.nextKind else { continue }
        let isTooSoon = isRecent || (standing.backlog.namelessCount > 0 && standing.isFullRecent)
        if isTooSoon || publication.time(after: standing.lastUpdate, issuer) == nil {
          mustWait = true
        } else {
          try await add(kind, of: issuer, publication, &standing, transaction)
          count += 1
        }
      }
      guard count > 0 else { return mustWait }
      try await note(publication, transaction)
      return mustWait
    }
  }

  private func isAnythingDue(_ issuers: [CertificateSigner]) async throws -> Bool {
    let row = try await pool.queryFirst(
      """
      select exists (
          select from unnest($1) as k (key_hash)
          where not exists (select from provisioner.revocation_lists as l where l.issuer = k.key_hash)
        ) or exists (
          select from provisioner.certificates
          where issuer = any($1) and revoked_at is not null and revision is null
            and not_after > clock_timestamp() - interval '1 day'
        ) as due
      """, [.byteaArray(issuers.map(\.keyHash))])
    return try row?["due"].bool ?? false
  }

  private func standing(
    of issuer: CertificateSigner, _ transaction: PostgresTransaction
  ) async throws -> IssuerStanding {
    let key = [PostgresValue.bytea(issuer.keyHash)]
    let rows = try await transaction.pipeline([
      PostgresStatement(
        """
        select count(*) as pending, count(*) filter (where not has_list_name) as nameless
        from provisioner.certificates
        where issuer = $1 and revoked_at is not null and revision is null
          and not_after > clock_timestamp() - interval '1 day'
        """, key),
      PostgresStatement(
        """
        select coalesce(max(number), 0) as number, max(this_update) as this_update,
          count(*) filter (where kind = 'first') as firsts, count(*) filter (where kind = 'partial') as partials,
          coalesce(sum(entry_count) filter (where kind = 'partial'), 0)::int8 as partial_entries,
          coalesce(sum(entry_count) filter (where kind = 'full'), 0)::int8 as full_entries,
          coalesce(max(published_at) filter (where kind = 'full')
            > clock_timestamp() - $2 * interval '1 millisecond', false) as full_recent
        from provisioner.revocation_lists where issuer = $1
        """, key + [.int(Int(Self.fullListPause / .milliseconds(1)))]),
      // What a program of the release before this one may have made beside.
      PostgresStatement("select crl_this_update from provisioner.issuers where key_hash = $1", key),
    ])
    guard let pending = rows[0].first, let lists = rows[1].first else { throw PostgresError.unknownForm }
    let updates = [
      try lists["this_update"].optional?.date, try rows[2].first?["crl_this_update"].optional?.date,
    ]
    return IssuerStanding(
      backlog: RevocationBacklog(
        hasFirst: try lists["firsts"].int > 0, pendingCount: try pending["pending"].int,
        namelessCount: try pending["nameless"].int, partialCount: try lists["partials"].int,
        partialEntryCount: try lists["partial_entries"].int, fullEntryCount: try lists["full_entries"].int),
      lastNumber: try lists["number"].int64, lastUpdate: updates.compactMap { $0 }.max(),
      isFullRecent: try lists["full_recent"].bool)
  }

  private func add(
    _ kind: PublishedList.Kind, of issuer: CertificateSigner, _ publication: Publication,
    _ standing: inout IssuerStanding, _ transaction: PostgresTransaction
  ) async throws {
    var (entries, scope): ([CertificateRevocationList.Entry], [AlternativeName]?) = ([], nil)
    if kind != .first {
      let news = try await take(issuer, publication, transaction)
      // Meanwhile others may have been taken back, without a name of their own.
      let isFull = kind == .full || news.contains { !$0.hasName }
      entries = isFull ? try await all(of: issuer, transaction) : news.map(\.entry)
      if !isFull { scope = entries.map { RevocationName.of(serialNumber: $0.serialNumber) } }
    }
    let kind: PublishedList.Kind = kind == .first ? .first : (scope == nil ? .full : .partial)
    // A first list is older than all others, so that it says of no certificate what a later one does.
    let time =
      kind == .first
      ? issuer.certificate.notBefore : publication.time(after: standing.lastUpdate, issuer) ?? publication.now
    let number = standing.lastNumber + 1
    let list = try CertificateRevocationList(
      issuer: issuer.certificate, issuerKey: issuer.key, number: number, thisUpdate: time,
      // In force for as long as anything that the issuer signed: a list that ran out would have to be read anew by
      // everybody, and what it took back would be good again for those who could not.
      nextUpdate: issuer.certificate.notAfter.addingTimeInterval(2 * 86_400), entries: entries, scope: scope)
    if kind == .full {
      try await transaction.execute(
        "delete from provisioner.revocation_lists where issuer = $1 and kind <> 'first'", [.bytea(issuer.keyHash)])
    }
    try await transaction.execute(
      """
      insert into provisioner.revocation_lists
        (issuer, number, kind, revision, nonce, crl, entry_count, this_update)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      [
        .bytea(issuer.keyHash), .int8(number), .text(kind.rawValue), .int8(publication.revision),
        .bytea(publication.nonce), .bytea(list.der), .int(entries.count),
        .timestamp(PostgresTimestamp(list.thisUpdate)),
      ])
    standing.lastNumber = number
    standing.lastUpdate = max(standing.lastUpdate ?? time, time)
  }

  /// What is published now for the first time.
  private func take(
    _ issuer: CertificateSigner, _ publication: Publication, _ transaction: PostgresTransaction
  ) async throws -> [(entry: CertificateRevocationList.Entry, hasName: Bool)] {
    try await transaction.query(
      """
      update provisioner.certificates set revision = $2
      where issuer = $1 and revoked_at is not null and revision is null
        and not_after > clock_timestamp() - interval '1 day'
      returning serial_number, revoked_at, has_list_name
      """, [.bytea(issuer.keyHash), .int8(publication.revision)]
    ).map { row in
      (
        entry: CertificateRevocationList.Entry(
          serialNumber: try row["serial_number"].bytes, date: try row["revoked_at"].date),
        hasName: try row["has_list_name"].bool
      )
    }
  }

  /// All revocations of an issuer that count. A certificate that has expired is refused for that; a day on top is for
  /// clocks that are behind.
  private func all(
    of issuer: CertificateSigner, _ transaction: PostgresTransaction
  ) async throws -> [CertificateRevocationList.Entry] {
    try await transaction.query(
      """
      select serial_number, revoked_at from provisioner.certificates
      where issuer = $1 and revision is not null and revoked_at is not null
        and not_after > clock_timestamp() - interval '1 day'
      """, [.bytea(issuer.keyHash)]
    ).map { row in
      CertificateRevocationList.Entry(serialNumber: try row["serial_number"].bytes, date: try row["revoked_at"].date)
    }
  }

  private func note(_ publication: Publication, _ transaction: PostgresTransaction) async throws {
    try await transaction.execute(
      """
      update provisioner.revocation_state
      set state = state + 1, revision = $1, nonce = $2, published_at = clock_timestamp()
      """, [.int8(publication.revision), .bytea(publication.nonce)])
    // A number that a restored database gives again has another nonce.
    try await transaction.execute(
      """
      insert into provisioner.revocation_revisions (revision, nonce) values ($1, $2)
      on conflict (revision) do update set nonce = excluded.nonce, published_at = clock_timestamp()
      """, [.int8(publication.revision), .bytea(publication.nonce)])
    try await transaction.execute("select pg_notify($1, '')", [.text(Self.channel)])
  }
}

private struct IssuerStanding: Sendable {
  var backlog: RevocationBacklog
  var lastNumber: Int64
  var lastUpdate: Date?
  var isFullRecent: Bool
}

private struct Publication: Sendable {
  var revision: Int64
  var nonce: [UInt8]
  var now: Date

  /// The time of a list that must count as newer than those before. Set back for readers whose clocks are behind.
  ///
  /// - Returns: nil if it would lie in the future: a burst has used up all seconds until now.
  func time(after last: Date?, _ issuer: CertificateSigner) -> Date? {
    let time = max(
      now.addingTimeInterval(-CertificateSigner.clockTolerance / 2), last?.addingTimeInterval(1) ?? .distantPast,
      issuer.certificate.notBefore)
    return time <= now ? time : nil
  }
}

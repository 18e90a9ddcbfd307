import FirmwareImage
import Foundations
import PostgreSQL
package import RegistryDomain
package import RootDocument
package import ServiceKit
import TextFormats

extension RegistryStore {
  /// When the newest root document ends, for the warnings of what expires: nobody would believe it any more, nor whom
  /// it names.
  package var expirySource: ExpirySource {
    ExpirySource {
      let row = try await read { connection in
        try await connection.queryFirst(
          "select version, expires_at from registry.root_documents order by version desc limit 1")
      }
      guard let row else { return [] }
      return [
        Expiry(
          kind: "root-document", name: "version \(try row["version"].int64)", end: try row["expires_at"].date,
          remedy: "sign the next one and publish it with xtblish-registry root publish")
      ]
    }
  }

  /// A root document that was published.
  ///
  /// - Parameter version: nil: the newest.
  /// - Throws: `notFound`.
  package func rootDocument(_ version: UInt64?) async throws -> SignedRootDocument {
    try await read { connection in
      guard let document = try await Self.rootDocument(version, connection) else {
        throw RequestFailure.unknownRootDocument(version)
      }
      return document
    }
  }

  /// Takes the next root document, and lets the next director key sign if the document names it.
  ///
  /// A repeat of the newest one changes nothing.
  package func publishRootDocument(_ bytes: [UInt8], by requester: Requester) async throws -> SignedRootDocument {
    try await write { connection in
      try await connection.query(RegistrySchema.trustLock)
      let latest = try await Self.rootDocument(nil, connection)
      if let latest, latest.encoded == bytes { return latest }
      let published = try Self.successor(of: latest, bytes)
      try await exchangeDirector(published.document, connection)
      try await connection.query(
        "insert into registry.root_documents (version, document, expires_at) values ($1, $2, $3)",
        [
          .int8(Int64(published.document.version)), .bytea(bytes),
          .timestamp(
            PostgresTimestamp(microsecondsSince1970: published.document.expires.secondsSince1970 * 1_000_000)),
        ])
      try await Self.append(
        AuditRecord(
          .publishRootDocument, "root-document:\(published.document.version)", by: requester,
          ["digest": .string("\(try published.pin())")]),
        connection)
      return published
    }
  }

  private static func successor(
    of latest: SignedRootDocument?, _ bytes: [UInt8]
  ) throws(RequestFailure) -> SignedRootDocument {
    do throws(RootDocumentError) {
      var chain = try RootDocumentChain(trusting: latest?.encoded ?? bytes)
      if latest != nil {
        try chain.append(bytes)
      } else if chain.latest.document.version != 1 {
        throw RootDocumentError.versionSkipped(version: chain.latest.document.version, current: 0)
      }
      _ = try chain.document(at: .now)
      return chain.latest
    } catch { throw RequestFailure(error) }
  }

  /// The director's next key becomes the one that signs once devices can learn of it. So does a key whose file is here,
  /// and which the database has forgotten: it is new, or older than the document.
  private func exchangeDirector(_ document: RootDocument, _ connection: some PostgresExecutor) async throws {
    let named = Set(document.directors.map(\.id))
    let keys = try await Self.directorKeys(connection)
    if let next = keys.first(where: { $0.state == .next }), named.contains(next.key.id) {
      try await connection.query("update registry.director_keys set state = 'retired' where state = 'active'")
      try await connection.query("update registry.director_keys set state = 'active' where state = 'next'")
    } else if let active = keys.first(where: { $0.state == .active }), !named.contains(active.key.id) {
      guard let own = document.directors.first(where: hasPrivateKey(of:)) else {
        throw RequestFailure.directorNotNamed(active.key.id)
      }
      try await connection.query("update registry.director_keys set state = 'retired' where state = 'active'")
      try await connection.query(
        """
        insert into registry.director_keys (key_id, public_key, state) values ($1, $2, 'active')
        on conflict (key_id) do update set state = 'active'
        """, [.bytea(own.id.bytes), .bytea(own.bytes)])
    }
  }

  private func hasPrivateKey(of director: TrustedKey) -> Bool {
    guard case .director(let keyring, _, _) = signing else { return false }
    return (try? keyring.key(director.id)) != nil
  }

  static func rootDocument(
    _ version: UInt64?, _ connection: some PostgresExecutor
  ) async throws -> SignedRootDocument? {
    let rows = try await connection.query(
      """
      select document from registry.root_documents where $1::bigint is null or version = $1
      order by version desc limit 1
      """,
      [.int8(version.map { Int64(clamping: $0) })])
    return try rows.first.map { try SignedRootDocument(decoding: $0["document"].bytes) }
  }
}

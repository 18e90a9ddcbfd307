import FirmwareImage
import Foundations
import OpenSSL
import PostgreSQL
package import RegistryDomain
import RootDocument
import TextFormats

extension RegistryStore {
  /// Takes the key that waits in the folder as the director's first, or makes it, unless there is one. Of replicas that start
  /// at once, one does so.
  package func ensureDirectorKey() async throws {
    _ = try await createDirectorKey(.active, by: .registry)
  }

  /// Takes the key that waits in the folder as the one that is to sign next, or makes it, unless there is one.
  package func createNextDirectorKey(by requester: Requester) async throws -> DirectorKey {
    guard let key = try await createDirectorKey(.next, by: requester) else { throw RequestFailure.noDirectorKey }
    return key
  }

  /// The director's keys, newest first.
  package func directorKeys() async throws -> [DirectorKey] {
    try await read { connection in try await Self.directorKeys(connection) }
  }

  /// Throws unless the private keys that sign, and will sign, are here.
  package func checkDirectorKeys() async throws {
    guard case .director(let keyring, _, _) = signing else { return }
    for key in try await directorKeys() where key.state != .retired { _ = try keyring.key(key.key.id) }
  }

  private func createDirectorKey(_ state: DirectorKey.State, by requester: Requester) async throws -> DirectorKey? {
    guard case .director(let keyring, _, _) = signing else { return nil }
    return try await write { connection in
      try await connection.query(RegistrySchema.trustLock)
      let known = try await Self.directorKeys(connection)
      if let key = known.first(where: { $0.state == state }) { return key }
      let (key, isNew) = try keyring.unknownKey(besides: Set(known.map(\.key.id)))
      do {
        let inserted = try await connection.query(
          """
          insert into registry.director_keys (key_id, public_key, state) values ($1, $2, $3)
          returning key_id, public_key, state, created_at
          """,
          [.bytea(key.id.bytes), .bytea(key.bytes), .text(state.rawValue)])
        try await Self.append(
          AuditRecord(.createDirectorKey, "director:\(key.id)", by: requester, ["state": .string(state.rawValue)]),
          connection)
        return try inserted.first.map(Self.directorKey)
      } catch {
        if isNew { keyring.discard(key.id) }
        throw error
      }
    }
  }

  static func directorKeys(_ connection: some PostgresExecutor) async throws -> [DirectorKey] {
    try await connection.query(
      "select key_id, public_key, state, created_at from registry.director_keys order by created_at desc, key_id"
    ).map(directorKey)
  }

  private static func directorKey(_ row: PostgresRow) throws -> DirectorKey {
    DirectorKey(
      key: try TrustedKey(bytes: row["public_key"].bytes),
      state: DirectorKey.State(rawValue: try row["state"].text) ?? .retired, createdAt: try row["created_at"].date)
  }

  /// Signs what is assigned, within the transaction that assigns it, if its publisher is one whom the root document
  /// trusts: whoever asks, the director puts its name to nothing that devices would not take.
  ///
  /// - Returns: bytes 32…543 of the image.
  func signedConfiguration(
    _ image: PublishedApp, for device: DeviceID, version: UInt64, _ connection: some PostgresExecutor
  ) async throws -> [UInt8] {
    try await signer(connection).sign(image, for: device, version: version)
  }

  /// The key that signs now, and the publishers whose apps it may sign.
  ///
  /// - Throws: a `RequestFailure` if nothing can be signed.
  func signer(_ connection: some PostgresExecutor) async throws -> AssignmentSigner {
    guard case .director(let keyring, let requiresRootDocument, let policy) = signing else {
      return AssignmentSigner(key: nil)
    }
    let rows = try await connection.query(
      """
      select k.key_id, r.version, r.published_at, r.expires_at <= clock_timestamp() as expired
      from registry.director_keys k
      left join lateral (
        select version, published_at, expires_at from registry.root_documents order by version desc limit 1
      ) r on true
      where k.state = 'active'
      """)
    guard let row = rows.first, let id = KeyID(bytes: try row["key_id"].bytes) else {
      throw RequestFailure.noDirectorKey
    }
    if requiresRootDocument {
      guard let version = try row["version"].optional?.int64 else { throw RequestFailure.noRootDocument }
      if try row["expired"].bool { throw RequestFailure.rootDocumentExpired(UInt64(version)) }
    }
    return AssignmentSigner(
      key: try keyring.key(id), policy: policy,
      publishers: policy == .unchecked ? [] : try await publishers(document: row, connection))
  }

  /// - Parameter document: `version` and `published_at` of the newest root document, or nulls.
  private func publishers(
    document: PostgresRow, _ connection: some PostgresExecutor
  ) async throws -> [PublisherDelegation] {
    guard let version = try document["version"].optional?.int64 else { throw RequestFailure.noRootDocument }
    // A restored database may have another document under a number.
    let edition = KnownPublishers.Edition(version: version, publishedAt: try document["published_at"].date)
    if let known = knownPublishers.publishers(of: edition) { return known }
    guard let signed = try await Self.rootDocument(UInt64(version), connection) else {
      throw RequestFailure.noRootDocument
    }
    knownPublishers.remember(signed.document.publishers, of: edition)
    return signed.document.publishers
  }
}

/// Makes the configurations of images, with the director's signature if there is a director.
struct AssignmentSigner {
  let key: Ed25519.PrivateKey?
  /// What an app must prove about who built it, to those whom the newest root document names.
  var policy = PublisherPolicy.unchecked
  var publishers: [PublisherDelegation] = []

  /// Makes the configuration of an image, and signs it if there is a director, unless devices would not take the app.
  ///
  /// - Returns: bytes 32…543 of the image.
  /// - Throws: a `RequestFailure` for an app whose publisher is not trusted.
  func sign(_ image: PublishedApp, for device: DeviceID, version: UInt64) throws -> [UInt8] {
    let configuration = try image.configuration(for: device, version: version)
    guard let key else { return configuration.encoded() }
    try verifyPublisher(of: image)
    return try configuration.signed(byDirector: key).encoded()
  }

  private func verifyPublisher(of image: PublishedApp) throws(RequestFailure) {
    guard policy.demandsProof(of: image.publisher) else { return }
    do throws(ImageFormatError) {
      try image.app.verify(publisher: image.publisher, delegatedBy: publishers)
    } catch { throw RequestFailure(publisher: error) }
  }
}

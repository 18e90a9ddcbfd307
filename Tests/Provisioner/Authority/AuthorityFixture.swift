import Foundation
import Foundations
import Logging
import OpenSSL
import PostgreSQL
import TestSupport

@testable import CertificateAuthority
@testable import DeviceCertificates

/// An authority in a folder of its own.
struct AuthorityFixture: Sendable {
  let folder: TemporaryFolder
  let directory: AuthorityDirectory

  init() throws {
    folder = try TemporaryFolder("xtblish-authority")
    directory = AuthorityDirectory(folder.path("ca"))
    _ = try directory.initialise(AuthorityDirectory.Options())
  }

  /// Why a chain is refused; nil if it is not.
  static func refusal(
    of chain: [X509Certificate], roots: [X509Certificate], lists: [CertificateRevocationList]? = nil,
    usage: CertificateTemplate.Usage = .client, at date: Date = Date()
  ) -> CertificateRefusal.Reason? {
    do {
      _ = try CertificateVerifier(roots: roots, lists: lists).verify(chain, usage: usage, at: date)
      return nil
    } catch {
      return error.reason
    }
  }
}

/// One replica of a Provisioner's authority over a database that may be shared.
struct AuthorityReplica: Sendable {
  let pool: PostgresPool
  let live: LiveAuthority
  let store: CertificateStore
  let feed = RevocationFeed()
  let keeper: AuthorityKeeper
  let renewal: DeviceCertificateRenewal
  let revocation: DeviceRevocation

  init(
    _ directory: AuthorityDirectory, pool: PostgresPool, folder: RevocationDirectory? = nil,
    lifetime: Duration = .seconds(3_600)
  ) throws {
    self.pool = pool
    live = LiveAuthority(try directory.load(), deviceLifetime: lifetime)
    store = CertificateStore(pool: pool)
    keeper = AuthorityKeeper(
      directory: directory, authority: live, store: store, feed: feed, folder: folder,
      logger: quietLogger)
    renewal = DeviceCertificateRenewal(issuer: live, store: store, logger: quietLogger)
    revocation = DeviceRevocation(store: store, keeper: keeper)
  }

  /// As an enrolment does it.
  func issue(_ device: DeviceID, _ key: P256.PrivateKey) async throws -> IssuedCertificate {
    let request = try CertificateRequest(key: key, commonName: "device")
    let issued = try await live.issueDeviceCertificate(request: request, device: device)
    try await pool.withTransaction { try await store.record(issued, in: $0) }
    return issued
  }

  /// Revokes, and waits until it is published.
  @discardableResult
  func revoke(_ device: DeviceID) async throws -> Bool {
    let isNew = try await revocation.revoke(device, reason: "", requester: "a")
    try await eventually("the revocation is published") {
      await keeper.turn()
      let row = try await pool.queryFirst(
        "select count(*) as waiting from provisioner.certificates where revoked_at is not null and revision is null")
      return try row?["waiting"].int == 0
    }
    return isNew
  }

  /// All that the lists say is revoked.
  func listed() throws -> Set<[UInt8]> {
    try (feed.current?.lists ?? []).reduce(into: []) { $0.formUnion(try $1.revokedSerialNumbers) }
  }

  func renew(
    _ device: DeviceID, _ key: P256.PrivateKey, showing shown: P256.PrivateKey? = nil
  ) async throws -> IssuedCertificate {
    try await renewal.renew(
      device, showing: try shown?.publicKey.hash, request: CertificateRequest(key: key, commonName: "device").der)
  }

  /// Runs what keeps it up to date for as long as `body` takes.
  func running(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await AuthorityKeeping(keeper, store: store, news: TaskSignal()).run() }
      try await body()
      group.cancelAll()
    }
  }
}

func withReplica(_ body: (AuthorityReplica, AuthorityFixture) async throws -> Void) async throws {
  let fixture = try AuthorityFixture()
  try await withStage { stage in
    let replica = try AuthorityReplica(fixture.directory, pool: stage.pool)
    await replica.keeper.turn()
    try await body(replica, fixture)
  }
}

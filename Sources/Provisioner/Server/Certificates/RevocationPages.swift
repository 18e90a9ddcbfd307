import Foundation
import OpenSSL
import PostgreSQL
import Synchronization
package import Wire

/// Serial numbers of revoked certificates in pages, for services that keep them.
package final class RevocationPages: Sendable {
  private let store: CertificateStore
  /// How long what was told may be used when nothing more is heard.
  private let validity: Duration
  /// The names of issuers, by the hashes of their keys.
  private let names = Mutex<[[UInt8]: String]>([:])

  /// The most serial numbers on a page, unless the caller wants fewer.
  package static let pageSize = 10_000

  package init(store: CertificateStore, validity: Duration) {
    self.store = store
    self.validity = validity
  }

  /// The next page of serial numbers.
  ///
  /// - Parameter cursor: where the reader is; nil for one that has nothing.
  package func page(after cursor: WireRevocationCursor?, size: Int = pageSize) async throws -> WireRevocations {
    let names = try await issuerNames()
    return try await store.pool.withTransaction(isolation: .repeatableRead) { transaction in
      guard
        let state = try await transaction.queryFirst("select state, revision, nonce from provisioner.revocation_state")
      else { throw PostgresError(.decoding, "the Provisioner's row of revocations is missing") }
      var start = WireRevocationCursor()
      var answer = WireRevocations()
      if let cursor, try await CertificateStore.isKnown(cursor.revision, Array(cursor.nonce), transaction) {
        start = cursor
      } else {
        answer.whole = true
      }
      let rows = try await Self.rows(after: start, limit: size + 1, transaction)
      answer.paged = true
      answer.state = UInt64(try state["state"].int)
      answer.validSeconds = UInt32(clamping: Int64(validity / .seconds(1)))
      answer.more = rows.count > size
      answer.revoked = try Self.groups(rows.prefix(size), names)
      answer.cursor.revision = try state["revision"].int64
      answer.cursor.nonce = Data(try state["nonce"].bytes)
      if answer.more, let last = rows.prefix(size).last {
        answer.cursor.revision = try last["revision"].int64
        answer.cursor.nonce = Data(try last["nonce"].bytes)
        answer.cursor.issuer = Data(try last["issuer"].bytes)
        answer.cursor.serialNumber = Data(try last["serial_number"].bytes)
      }
      return answer
    }
  }

  private static func rows(
    after start: WireRevocationCursor, limit: Int, _ transaction: PostgresTransaction
  ) async throws -> [PostgresRow] {
    let columns: SQL =
      """
      select c.revision, r.nonce, c.issuer, c.serial_number, c.not_after
      from provisioner.certificates as c join provisioner.revocation_revisions as r on r.revision = c.revision
      """
    // A certificate that has expired is refused for that; a day on top is for clocks that are behind.
    let rest: SQL =
      """
       and c.not_after > clock_timestamp() - interval '1 day'
      order by c.revision, c.issuer, c.serial_number limit $2
      """
    if start.issuer.isEmpty {
      return try await transaction.query(
        columns + " where c.revision > $1" + rest, [.int8(start.revision), .int(limit)])
    }
    return try await transaction.query(
      columns + " where (c.revision, c.issuer, c.serial_number) > ($1, $3, $4)" + rest,
      [.int8(start.revision), .int(limit), .bytea(Array(start.issuer)), .bytea(Array(start.serialNumber))])
  }

  private static func groups(
    _ rows: some Sequence<PostgresRow>, _ names: [[UInt8]: String]
  ) throws -> [WireRevokedCertificates] {
    var groups: [[UInt8]: WireRevokedCertificates] = [:]
    for row in rows {
      let issuer = try row["issuer"].bytes
      guard let name = names[issuer] else { continue }
      let number = try row["serial_number"].bytes
      guard number.count <= 20 else { continue }
      groups[issuer, default: WireRevokedCertificates()].issuer = name
      groups[issuer]?.serialNumbers.append(contentsOf: [UInt8](repeating: 0, count: 20 - number.count) + number)
      groups[issuer]?.expireAt.append(UInt64(max(0, try row["not_after"].date.timeIntervalSince1970)))
    }
    return Array(groups.values)
  }

  private func issuerNames() async throws -> [[UInt8]: String] {
    let known = names.withLock { $0 }
    let count = try await store.pool.queryFirst("select count(*) as count from provisioner.issuers")?["count"].int
    if count == known.count { return known }
    var found: [[UInt8]: String] = [:]
    for row in try await store.pool.query("select key_hash, certificate from provisioner.issuers") {
      found[try row["key_hash"].bytes] = try X509Certificate(der: try row["certificate"].bytes).commonName ?? ""
    }
    names.withLock { $0 = found }
    return found
  }
}

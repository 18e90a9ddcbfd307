import FoundationEssentials
package import OpenSSL
import Synchronization

/// The certificates that were taken back, and the connections of those that were not.
package final class RevocationList: Sendable {
  private struct State {
    var revoked: Set<CertificateReference> = []
    /// When the first of the lists runs out; nil before they came.
    var nextUpdate: Date?
    var sessions: [ObjectIdentifier: TLSSession] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// Takes the place of all that was known, and cuts the connections of those that are no longer welcome.
  ///
  /// - Parameter lists: a CRL in DER for each issuer in use. Whoever brings them has seen to it that they are right.
  /// - Throws: `CertificateError` when one of them can't be read; then everything stays as it is.
  package func replace(with lists: [[UInt8]]) throws(CertificateError) {
    var revoked: Set<CertificateReference> = []
    var nextUpdate = Date.distantFuture
    for list in lists {
      let list = try CertificateRevocationList(der: list)
      guard let issuer = list.issuerCommonName else { throw .malformed("a list whose issuer has a common name") }
      for number in list.revokedSerialNumbers {
        revoked.insert(CertificateReference(issuer: issuer, serialNumber: number))
      }
      nextUpdate = min(nextUpdate, list.nextUpdate)
    }
    let cut = state.withLock { state in
      state.revoked = revoked
      state.nextUpdate = nextUpdate
      return state.sessions.values.filter { session in
        session.certificate.map { revoked.contains($0.reference) } ?? false
      }
    }
    for session in cut { session.cut() }
  }

  /// Whether the lists have come, and are not older than they may be. Without them nobody can tell who is revoked.
  package var isCurrent: Bool { state.withLock { $0.nextUpdate.map { Date() <= $0 } ?? false } }

  /// Whether a connection may go on. If so it is cut as soon as its certificate is revoked.
  func admit(_ session: TLSSession, with certificate: PeerCertificate) -> Bool {
    state.withLock { state in
      guard !state.revoked.contains(certificate.reference) else { return false }
      state.sessions[ObjectIdentifier(session)] = session
      return true
    }
  }

  func forget(_ session: TLSSession) {
    _ = state.withLock { $0.sessions.removeValue(forKey: ObjectIdentifier(session)) }
  }
}

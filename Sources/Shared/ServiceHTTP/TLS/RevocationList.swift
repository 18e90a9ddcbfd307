import FoundationEssentials
package import OpenSSL
import Synchronization

/// The certificates that were taken back. It also knows the open connections, and cuts one when its certificate is
/// revoked.
package final class RevocationList: Sendable {
  /// Revoked certificates of one issuer, as the Provisioner tells them.
  package struct Page: Sendable {
    /// The issuer's common name, which holds a part of the hash of its key.
    package var issuer: String
    /// The serial numbers one after the other: 20 bytes each, with zeros in front.
    package var serialNumbers: [UInt8]
    /// When each certificate expires, in seconds since 1970, in the same order.
    package var expireAt: [UInt64]

    package init(issuer: String, serialNumbers: [UInt8], expireAt: [UInt64]) {
      self.issuer = issuer
      self.serialNumbers = serialNumbers
      self.expireAt = expireAt
    }
  }

  private typealias Revoked = [String: RevokedSerials]

  private struct State {
    var revoked: Revoked = [:]
    /// What comes in pages and is to take the place of all that is known, once it is complete.
    var staged: Revoked?
    /// When what is known is too old; nil before it came.
    var validUntil: Date?
    var heardAt: ContinuousClock.Instant?
    var sessions: [ObjectIdentifier: TLSSession] = [:]
  }

  private let state = Mutex(State())
  private let startedAt = ContinuousClock.now
  /// How long a service may be without any list when it starts.
  private static let longestWithoutList = Duration.seconds(60)

  package init() {}

  /// Takes what came from the Provisioner, and cuts the connections whose certificates are revoked by it.
  ///
  /// - Parameters:
  ///   - isWhole: it is the beginning of all that there is: what is known so far goes once the end is here.
  ///   - isLast: nothing more is to come for now.
  ///   - validity: how long this may be used when nothing more is heard.
  package func take(_ pages: [Page], isWhole: Bool, isLast: Bool, validity: Duration) {
    let now = UInt64(max(0, Date().timeIntervalSince1970))
    let cut = state.withLock { state -> [TLSSession] in
      if isWhole { state.staged = [:] }
      if state.staged != nil {
        Self.add(pages, to: &state.staged!, now)
      } else {
        Self.add(pages, to: &state.revoked, now)
      }
      if isLast {
        if let staged = state.staged { state.revoked = staged }
        state.staged = nil
        state.validUntil = Date().addingTimeInterval(validity / .seconds(1))
        state.heardAt = .now
      }
      return pages.isEmpty && !isWhole ? [] : Self.unwelcome(state)
    }
    for session in cut { session.cut() }
  }

  private static func add(_ pages: [Page], to revoked: inout Revoked, _ now: UInt64) {
    for page in pages {
      let slots = stride(from: 0, to: page.serialNumbers.count, by: RevokedSerials.slotBytes)
      let entries = zip(slots, page.expireAt).map { start, expiresAt in
        RevokedSerials.Entry(
          slot: page.serialNumbers[start..<min(start + RevokedSerials.slotBytes, page.serialNumbers.count)],
          expiresAt: expiresAt)
      }
      revoked[page.issuer, default: RevokedSerials()].add(entries, now: now)
    }
  }

  private static func unwelcome(_ state: State) -> [TLSSession] {
    state.sessions.values.filter { session in
      session.certificate.map { Self.isRevoked($0.reference, state.revoked) } ?? false
    }
  }

  private static func isRevoked(_ reference: CertificateReference, _ revoked: Revoked) -> Bool {
    revoked[reference.issuer]?.contains(reference.serialNumber) ?? false
  }

  /// Replaces all that was known by lists, which a Provisioner of the release before this one sends.
  ///
  /// - Parameter lists: CRLs in DER. Whoever brings them has seen to it that they are right.
  /// - Throws: `CertificateError` when one of them can't be read; then everything stays as it is.
  package func replace(with lists: [[UInt8]]) throws(CertificateError) {
    var pages: [Page] = []
    var validUntil = Date.distantFuture
    for list in lists {
      let list = try CertificateRevocationList(der: list)
      guard let issuer = list.issuerCommonName else { throw .malformed("a list whose issuer has a common name") }
      let numbers = Array(try list.revokedSerialNumbers).filter { $0.count <= RevokedSerials.slotBytes }
      let end = UInt64(max(0, Date.distantFuture.timeIntervalSince1970))
      pages.append(
        Page(
          issuer: issuer,
          serialNumbers: numbers.flatMap {
            [UInt8](repeating: 0, count: RevokedSerials.slotBytes - $0.count) + $0
          }, expireAt: Array(repeating: end, count: numbers.count)))
      validUntil = min(validUntil, list.nextUpdate)
    }
    // As far as clocks can tell.
    let seconds = min(max(validUntil.timeIntervalSinceNow, 0), 3_653 * 86_400)
    take(pages, isWhole: true, isLast: true, validity: .seconds(seconds))
  }

  /// Whether the lists have come, and are not older than they may be. Without them nobody can tell who is revoked.
  package var isCurrent: Bool { state.withLock { $0.validUntil.map { Date() <= $0 } ?? false } }

  /// How many certificates are known to be revoked.
  package var count: Int { state.withLock { $0.revoked.values.reduce(0) { $0 + $1.count } } }

  /// How long ago a Provisioner last said that nothing is missing.
  package var age: Duration { (state.withLock { $0.heardAt } ?? startedAt).duration(to: .now) }

  /// A check for ``Readiness``.
  ///
  /// - Throws: when it is too old, or has not come for long.
  package func check() throws {
    let isOver = state.withLock { state in
      state.validUntil.map { Date() > $0 } ?? (startedAt.duration(to: .now) > Self.longestWithoutList)
    }
    guard isOver else { return }
    throw StaleRevocations(seconds: Int(age / .seconds(1)))
  }

  /// Whether a connection may go on. If so it is cut as soon as its certificate is revoked.
  func admit(_ session: TLSSession, with certificate: PeerCertificate) -> Bool {
    state.withLock { state in
      guard !Self.isRevoked(certificate.reference, state.revoked) else { return false }
      state.sessions[ObjectIdentifier(session)] = session
      return true
    }
  }

  func forget(_ session: TLSSession) {
    _ = state.withLock { $0.sessions.removeValue(forKey: ObjectIdentifier(session)) }
  }
}

/// Nobody can tell any more which certificates are revoked.
struct StaleRevocations: Error, CustomStringConvertible {
  let seconds: Int

  var description: String {
    "no Provisioner has said for \(seconds) s which certificates are revoked: see whether one runs and can be reached"
  }
}

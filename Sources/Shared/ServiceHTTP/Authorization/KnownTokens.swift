import Authorization
import Synchronization

/// Tokens that were found good a short while ago.
final class KnownTokens: Sendable {
  private struct Entry {
    var principal: Principal
    /// Until when reads need not be asked for again.
    var validUntil: ContinuousClock.Instant
    var lastGood: ContinuousClock.Instant
  }

  private static let capacity = 4_096
  /// Reads are let through for so long at most after a token was revoked.
  private static let longestValidity = Duration.seconds(3)
  /// For how long a token that was good may be asked about although others fail from the same address.
  private static let trust = Duration.seconds(600)

  private let entries = Mutex<[[UInt8]: Entry]>([:])

  func principal(_ hash: [UInt8], for scope: AccessScope, now: ContinuousClock.Instant = .now) -> Principal? {
    entries.withLock { entries in
      guard let entry = entries[hash], entry.validUntil > now, entry.principal.scopes.contains(where: { $0 >= scope })
      else { return nil }
      return entry.principal
    }
  }

  func isTrusted(_ hash: [UInt8], now: ContinuousClock.Instant = .now) -> Bool {
    entries.withLock { $0[hash].map { now - $0.lastGood < Self.trust } ?? false }
  }

  func remember(_ hash: [UInt8], _ principal: Principal, now: ContinuousClock.Instant = .now) {
    let validity = min(principal.validity, Self.longestValidity)
    entries.withLock { entries in
      entries[hash] = Entry(principal: principal, validUntil: now + validity, lastGood: now)
      guard entries.count > Self.capacity else { return }
      let ages = entries.values.map(\.lastGood).sorted()
      let oldestKept = ages[ages.count / 2]
      entries = entries.filter { $0.value.lastGood >= oldestKept }
    }
  }

  func forget(_ hash: [UInt8]) {
    _ = entries.withLock { $0.removeValue(forKey: hash) }
  }
}

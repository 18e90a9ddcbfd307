import TextFormats

/// Keeps refused attempts in the audit log readable, however many there are: the first of its kind from a source is
/// an entry at once; those that follow within a minute are one entry together, with their count.
package struct RefusalTally {
  /// For how long attempts are counted together.
  static let window = Duration.seconds(60)
  /// How many kinds are counted at a time; at that bound those of further sources are counted together.
  static let maximumKinds = 1_000
  /// How many of the kinds may be in the words of one service.
  static let maximumKindsOfService = 200
  /// The source that is noted for attempts that are counted together over several sources.
  static let manySources = "several"

  private struct Kind: Hashable {
    var principal: String
    var source: String
    var reason: String
    /// The service that tells of it, by itself or for somebody; empty for none.
    var service: String
  }

  private struct Count {
    var end: ContinuousClock.Instant
    var repeats = 0
    /// What was tried last.
    var last: AuditRecord
  }

  private var counts: [Kind: Count] = [:]

  package init() {}

  /// Counts a refused attempt.
  ///
  /// - Returns: the entry that is to be written now, if the attempt is the first of its kind.
  package mutating func note(
    _ attempt: AuditRecord, reason: String, now: ContinuousClock.Instant
  ) -> AuditRecord? {
    var attempt = attempt
    attempt.outcome = .refused
    attempt.detail["reason"] = .string(reason)
    let requester = attempt.requester
    let service = requester.claimed.isEmpty ? requester.via : requester.principal
    var kind = Kind(principal: requester.principal, source: requester.source, reason: reason, service: service)
    if counts[kind] == nil, isFull(for: service) {
      attempt.requester = Requester(
        principal: requester.principal, source: Self.manySources, via: requester.via, claimed: requester.claimed)
      kind = Kind(
        principal: Requester.anonymousPrincipal, source: Self.manySources,
        // A service may give any reason it likes.
        reason: service.isEmpty ? reason : Self.manySources, service: service)
    }
    if counts[kind] != nil {
      counts[kind]?.repeats += 1
      counts[kind]?.last = attempt
      return nil
    }
    counts[kind] = Count(end: now + Self.window, last: attempt)
    return attempt
  }

  private func isFull(for service: String) -> Bool {
    if counts.count >= Self.maximumKinds { return true }
    return !service.isEmpty
      && counts.keys.lazy.filter { $0.service == service }.prefix(Self.maximumKindsOfService).count
        >= Self.maximumKindsOfService
  }

  /// The entries of the windows that have ended.
  package mutating func due(now: ContinuousClock.Instant) -> [AuditRecord] {
    var records: [AuditRecord] = []
    for (kind, count) in counts where count.end <= now {
      guard count.repeats > 0 else {
        counts[kind] = nil
        continue
      }
      records.append(Self.record(count))
      // What goes on makes an entry a minute.
      counts[kind]?.repeats = 0
      counts[kind]?.end = now + Self.window
    }
    return records
  }

  /// The entries of everything that was counted and not written.
  package mutating func drain() -> [AuditRecord] {
    defer { counts = [:] }
    return counts.values.filter { $0.repeats > 0 }.map(Self.record)
  }

  private static func record(_ count: Count) -> AuditRecord {
    var record = count.last
    record.detail["repeats"] = .integer(Int64(count.repeats))
    return record
  }

  /// How many kinds are counted now.
  var kindCount: Int { counts.count }
}

/// Keeps refused attempts in the audit log readable, however many there are: the first of its kind from a source is an
/// entry at once; those that follow within a minute are one entry together, with their count.
struct RefusalTally {
  static let window = Duration.seconds(60)
  /// At the bound those of further sources are counted together.
  static let maximumKinds = 1_000
  /// The source of those.
  static let manySources = "several"

  private struct Kind: Hashable {
    var principal: String
    var source: String
    var reason: String
  }

  private struct Count {
    var end: ContinuousClock.Instant
    var repeats = 0
    /// What was tried last.
    var last: AuditRecord
  }

  private var counts: [Kind: Count] = [:]

  /// - Returns: the entry that is to be written now, if it is one.
  mutating func note(
    _ attempt: AuditRecord, reason: String, now: ContinuousClock.Instant
  ) -> AuditRecord? {
    var attempt = attempt
    attempt.outcome = .refused
    attempt.detail["reason"] = .string(reason)
    var kind = Kind(principal: attempt.requester.principal, source: attempt.requester.source, reason: reason)
    if counts[kind] == nil, counts.count >= Self.maximumKinds {
      attempt.requester = Requester(principal: attempt.requester.principal, source: Self.manySources)
      kind = Kind(principal: Requester.anonymousPrincipal, source: Self.manySources, reason: reason)
    }
    if counts[kind] != nil {
      counts[kind]?.repeats += 1
      counts[kind]?.last = attempt
      return nil
    }
    counts[kind] = Count(end: now + Self.window, last: attempt)
    return attempt
  }

  /// The entries of the windows that have ended.
  mutating func due(now: ContinuousClock.Instant) -> [AuditRecord] {
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
  mutating func drain() -> [AuditRecord] {
    defer { counts = [:] }
    return counts.values.filter { $0.repeats > 0 }.map(Self.record)
  }

  private static func record(_ count: Count) -> AuditRecord {
    var record = count.last
    record.detail["repeats"] = .integer(Int64(count.repeats))
    return record
  }

  var kindCount: Int { counts.count }
}

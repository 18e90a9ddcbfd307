package import FoundationEssentials
import TextFormats

/// Something that ends by itself at `end`, and then takes down what relies on it.
package struct Expiry: Sendable, Equatable {
  /// What it is, in few fixed words, as metrics and programs name it: `tls-certificate`.
  package let kind: String
  /// Which one, for people: the file or the name that it is found by.
  package let name: String
  package let end: Date
  /// How long before the end people are told.
  package let warningTime: Duration
  /// What to do about it, as an imperative.
  package let remedy: String
  /// Whether the service can't do its work once it is over, and so is not ready.
  package let isVital: Bool

  /// 30 days.
  static let usualWarningTime = Duration.seconds(30 * 86_400)

  package init(
    kind: String, name: String, end: Date, warningTime: Duration = Expiry.usualWarningTime, remedy: String,
    isVital: Bool = true
  ) {
    self.kind = kind
    self.name = name
    self.end = end
    self.warningTime = warningTime
    self.remedy = remedy
    self.isVital = isVital
  }

  /// How near the end is: `fine` before the warning time, `ending` within it, `over` afterwards.
  package enum Stage: Sendable, Equatable {
    case fine
    case ending
    case over
  }

  /// How near the end is at a moment.
  package func stage(now: Date) -> Stage {
    if end <= now { return .over }
    return end.timeIntervalSince(now) < warningTime / .seconds(1) ? .ending : .fine
  }

  /// A line for people: `tls-certificate /etc/xtblish/registry-1.pem ends in 12 d (2026-12-11T10:00:00.000Z): issue
  /// another`.
  package func text(now: Date) -> String {
    "\(kind) \(name) \(end <= now ? "ended" : "ends") \(HumanText.ago(end, now: now)) (\(JSONCoding.text(of: end))): "
      + remedy
  }
}

/// Where expiries are found. `find` is called again and again, since what it tells of may be replaced at any time.
package struct ExpirySource: Sendable {
  package let find: @Sendable () async throws -> [Expiry]
  /// How long what was found counts at least.
  let interval: Duration

  package init(every interval: Duration = .zero, _ find: @escaping @Sendable () async throws -> [Expiry]) {
    self.find = find
    self.interval = interval
  }
}

import Foundations
import Logging
import UpdateCore

/// What keeps the device from getting on, each matter with its reason and since when.
struct Hindrances: Sendable {
  enum Change: Equatable {
    case none
    /// `isNews`: nobody was told this reason since the matter came up.
    case changed(isNews: Bool)
    case cleared
  }

  static let maximumReasonBytes = 400
  /// How many reasons of one matter are told: of a server that finds ever new words no more are.
  private static let maximumReasonsTold = 16

  private var current: [Hindrance.Matter: Hindrance] = [:]
  private var told: [Hindrance.Matter: Set<String>] = [:]
  private var newest: Hindrance.Matter?

  /// - Parameter reason: nil: the matter is settled.
  mutating func set(_ matter: Hindrance.Matter, version: UInt64, reason: String?, now: WallClock) -> Change {
    guard let reason = reason?.prefixOfUTF8(Self.maximumReasonBytes).onOneLine else {
      told[matter] = nil
      return current.removeValue(forKey: matter) == nil ? .none : .cleared
    }
    let old = current[matter].flatMap { $0.version == version ? $0 : nil }
    if old == nil { told[matter] = [] }
    if old?.reason == reason { return .none }
    current[matter] = Hindrance(version: version, reason: reason, since: old?.since ?? now)
    newest = matter
    let isNews = (told[matter]?.count ?? 0) < Self.maximumReasonsTold && told[matter]?.contains(reason) != true
    if isNews { told[matter]?.insert(reason) }
    return .changed(isNews: isNews)
  }

  /// All of them; one that is about no version says in its reason what it is about.
  var all: [Hindrance] {
    current.map { matter, hindrance in
      var hindrance = hindrance
      if hindrance.version == 0 { hindrance.reason = DeviceAgent.text(of: matter, 0, hindrance.reason) }
      return hindrance
    }.sorted { ($0.version, $0.reason) < ($1.version, $1.reason) }
  }

  /// What an update waits for: the newest word, and then the likeliest: what is on offer, and the version that is the
  /// next of those announced.
  var ofUpdate: Hindrance? {
    // Whoever reads it knows that the device is connected.
    if let newest, newest != .certificate, newest != .connection, let hindrance = current[newest] { return hindrance }
    if let start = current[.start] { return start }
    if let download = current[.download] { return download }
    let announced = current.compactMap { matter, hindrance in
      if case .announcement = matter { hindrance } else { nil }
    }
    return announced.min { $0.version < $1.version } ?? current[.subscription]
  }
}

extension DeviceAgent {
  /// Notes what is in the way of something, or that nothing is any more: for the status and the report, and for the log
  /// if it is news.
  func hinder(_ matter: Hindrance.Matter, version: UInt64 = 0, by reason: String?) async {
    switch hindrances.set(matter, version: version, reason: reason, now: .now) {
    case .none: return
    case .changed(let isNews):
      if isNews, let reason {
        await note(
          .warning, Self.text(of: matter, version, reason.prefixOfUTF8(Hindrances.maximumReasonBytes)), version)
      }
    case .cleared: logger.info("nothing is in the way any more", metadata: ["matter": "\(matter)"])
    }
    // Before the start is on record, there is nothing to say.
    if isStarted { await reporter.update(report) }
  }

  /// What the device says it runs, and what it waits for.
  var report: DeviceReport {
    var report = machine.report
    report.waiting = hindrances.ofUpdate
    return report
  }

  fileprivate static func text(of matter: Hindrance.Matter, _ version: UInt64, _ reason: String) -> String {
    switch matter {
    case .start: "version \(version) can't be started yet: \(reason)"
    case .download, .announcement: "version \(version) has to wait: \(reason)"
    case .subscription: "new versions can't be heard of: \(reason)"
    case .certificate: "the device's certificate is not renewed yet: \(reason)"
    case .connection: "the broker can't be reached: \(reason)"
    }
  }
}

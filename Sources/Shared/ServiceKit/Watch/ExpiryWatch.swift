package import FoundationEssentials
package import Logging
import Metrics
import ServiceLifecycle
import TextFormats

/// Watches when certificates, lists and documents end that this process relies on, and tells it in time: the metrics
/// always, `status` and once a day the log while little time is left. When a vital one is over the service is not ready.
package actor ExpiryWatch: Service {
  private static let logInterval = Duration.seconds(86_400)

  private let sources: [ExpirySource]
  private let lookInterval: Duration
  private let logger: Logger
  private let now: @Sendable () -> Date
  /// For each source; nil before it first answered. One that fails leaves what it told before.
  private var found: [[Expiry]?]
  private var foundAt: [ContinuousClock.Instant?]
  /// Sources that can't be read, until they can be again.
  private var failing: Set<Int> = []
  private var lookedAt: ContinuousClock.Instant?
  private var gauges: [GaugeKey: Gauge] = [:]
  private var loggedAt: [GaugeKey: (stage: Expiry.Stage, at: ContinuousClock.Instant)] = [:]

  private struct GaugeKey: Hashable {
    let kind: String
    let name: String
  }

  /// - Parameters:
  ///   - now: the wall clock.
  ///   - lookInterval: how long what was found counts; reading it again costs reading files or a question to the
  ///     database.
  package init(
    _ sources: [ExpirySource], logger: Logger, now: @escaping @Sendable () -> Date = { Date() },
    lookInterval: Duration = .seconds(5)
  ) {
    self.lookInterval = lookInterval
    self.sources = sources
    self.logger = logger
    self.now = now
    found = Array(repeating: nil, count: sources.count)
    foundAt = Array(repeating: nil, count: sources.count)
  }

  /// Makes the process unready while something is over, and shows what soon will be.
  package nonisolated func register(on readiness: Readiness) {
    readiness.addTelling("expiry") { try await self.check() }
  }

  package nonisolated func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.look()
        await self.log()
        try? await Task.sleep(for: self.lookInterval)
      }
    }
  }

  /// Looks for what ends soon, if the last look was long ago.
  ///
  /// - Returns: what ends soon, or empty.
  /// - Throws: `Over` while something is.
  package func check() async throws -> String {
    if lookedAt.map({ .now - $0 > lookInterval }) ?? true { await look() }
    let moment = now()
    let texts = { (stage: Expiry.Stage) in
      self.all.filter { $0.isVital && $0.stage(now: moment) == stage }.map { $0.text(now: moment) }
        .joined(separator: "; ")
    }
    let over = texts(.over)
    guard over.isEmpty else { throw Over(description: over) }
    return texts(.ending)
  }

  /// Names what is over, and what to do.
  package struct Over: Error, CustomStringConvertible {
    package let description: String
  }

  /// Everything that was found, the first to end first.
  package var all: [Expiry] { found.flatMap { $0 ?? [] }.sorted { $0.end < $1.end } }

  private func look() async {
    lookedAt = .now
    for (index, source) in sources.enumerated() {
      if let last = foundAt[index], .now - last < source.interval { continue }
      do {
        found[index] = try await source.find()
        foundAt[index] = .now
        failing.remove(index)
      } catch {
        logger.log(
          level: failing.insert(index).inserted ? .warning : .debug, "what ends when can't be looked up",
          metadata: ["error": "\(error)"])
      }
    }
    record()
  }

  private func record() {
    var current: Set<GaugeKey> = []
    for expiry in all {
      let key = GaugeKey(kind: expiry.kind, name: expiry.name)
      // Of several of one name the first to end.
      guard current.insert(key).inserted else { continue }
      let gauge =
        gauges[key]
        ?? Gauge(label: "xtblish_expiry_timestamp_seconds", dimensions: [("kind", key.kind), ("name", key.name)])
      gauges[key] = gauge
      gauge.record(expiry.end.timeIntervalSince1970)
    }
    for (key, gauge) in gauges where !current.contains(key) {
      gauge.destroy()
      gauges[key] = nil
      loggedAt[key] = nil
    }
  }

  private func log() {
    let moment = now()
    for expiry in all {
      let (key, stage) = (GaugeKey(kind: expiry.kind, name: expiry.name), expiry.stage(now: moment))
      guard stage != .fine else {
        loggedAt[key] = nil
        continue
      }
      if let last = loggedAt[key], last.stage == stage, .now - last.at < Self.logInterval { continue }
      loggedAt[key] = (stage, .now)
      logger.log(
        level: stage == .over ? .error : .warning,
        stage == .over
          ? "something is over that this service relies on" : "something ends soon that this service relies on",
        metadata: [
          "kind": "\(expiry.kind)", "name": "\(expiry.name)", "expires": "\(JSONCoding.text(of: expiry.end))",
          "remedy": "\(expiry.remedy)",
        ])
    }
  }
}

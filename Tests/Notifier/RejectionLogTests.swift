import Logging
import Synchronization
import TestSupport
import Testing

@testable import NotifierServer

@Suite(.seated) struct RejectionLogTests {
  /// Keeps the records that it is given.
  private final class Records: Sendable {
    let kept = Mutex<[Logger.Metadata]>([])
  }

  private struct KeepingHandler: LogHandler {
    let records: Records
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      records.kept.withLock { $0.append(event.metadata ?? [:]) }
    }
  }

  @Test func aFloodIsCountedInFullAndLoggedOncePerReason() {
    let records = Records()
    let log = RejectionLog(
      logger: Logger(label: "test") { _ in KeepingHandler(records: records) }, interval: .seconds(3_600))
    let topic = String(repeating: "x", count: 10_000)
    for _ in 0..<1_000 { log.note(RejectedReport(.notJSON, "no JSON"), topic: topic) }
    for _ in 0..<500 { log.note(RejectedReport(.field, "slot"), topic: topic) }
    #expect(log.total == 1_500)
    let kept = records.kept.withLock { $0 }
    #expect(kept.map { $0["reason"] } == ["not-json", "field"])
    #expect(kept.allSatisfy { "\($0["topic"] ?? "")".count == 120 })
  }

  @Test func theNextLineTellsHowManyWereLeftOut() {
    let records = Records()
    let log = RejectionLog(
      logger: Logger(label: "test") { _ in KeepingHandler(records: records) }, interval: .seconds(10))
    let start = ContinuousClock.now
    for second in [0, 1, 9, 10, 19, 20] {
      log.note(RejectedReport(.topic, "?"), topic: "/a", now: start + .seconds(second))
    }
    #expect(records.kept.withLock { $0 }.map { $0["like_it_before"] } == ["0", "2", "1"])
  }
}

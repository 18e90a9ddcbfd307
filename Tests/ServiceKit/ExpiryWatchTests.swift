import CoreMetrics
import FoundationEssentials
import Logging
import ServiceKit
import Synchronization
import TestSupport
import Testing

@Suite(.seated) struct ExpiryWatchTests {
  private struct Gone: Error {}

  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func expiry(_ kind: String, inDays days: Double) -> Expiry {
    Expiry(
      kind: kind, name: "/etc/x.pem", end: Self.now.addingTimeInterval(days * 86_400), remedy: "issue another")
  }

  private func findings(_ watch: ExpiryWatch) async -> Readiness.Finding? {
    let readiness = Readiness(validity: .zero)
    watch.register(on: readiness)
    return await readiness.findings().first
  }

  @Test func whatLastsIsNotMentioned() async {
    let watch = ExpiryWatch(
      [ExpirySource { [expiry("tls-certificate", inDays: 31)] }], logger: .quiet, now: { Self.now })
    #expect(await findings(watch) == Readiness.Finding(name: "expiry", isReady: true, detail: ""))
  }

  @Test func whatEndsWithinThirtyDaysIsToldAndReady() async {
    let watch = ExpiryWatch(
      [ExpirySource { [expiry("tls-certificate", inDays: 29), expiry("tls-root", inDays: 300)] }], logger: .quiet,
      now: { Self.now })
    let finding = await findings(watch)
    #expect(finding?.isReady == true)
    #expect(
      finding?.detail
        == "tls-certificate /etc/x.pem ends in 29 d (2027-02-13T08:00:00.000Z): issue another")
  }

  @Test func whatIsOverMakesItUnreadyUntilItIsReplaced() async {
    let days = Mutex(-1.0)
    let moment = Mutex(Self.now)
    let watch = ExpiryWatch(
      [ExpirySource { [expiry("root-document", inDays: days.withLock { $0 })] }], logger: .quiet,
      now: { moment.withLock { $0 } })
    let finding = await findings(watch)
    #expect(finding?.isReady == false)
    #expect(finding?.detail.hasPrefix("root-document /etc/x.pem ended 1 d ago") == true)
    days.withLock { $0 = 400 }
    let running = Task { try await watch.run() }
    while await findings(watch)?.isReady != true, !Task.isCancelled { await Task.yield() }
    // The clock alone ends it, without another look.
    moment.withLock { $0 = Self.now.addingTimeInterval(401 * 86_400) }
    #expect(await findings(watch)?.isReady == false)
    running.cancel()
    _ = await running.result
  }

  @Test func whatIsNotVitalLeavesTheServiceReadyWhenItIsOver() async {
    let watch = ExpiryWatch(
      [
        ExpirySource {
          [
            Expiry(
              kind: "token", name: "ci", end: Self.now.addingTimeInterval(-1), remedy: "make another", isVital: false)
          ]
        }
      ], logger: .quiet, now: { Self.now })
    #expect(await findings(watch) == Readiness.Finding(name: "expiry", isReady: true, detail: ""))
    #expect(await watch.all.map(\.name) == ["ci"])
  }

  @Test func aSourceIsNotAskedAgainWithinItsInterval() async throws {
    let looks = Mutex(0)
    let watch = ExpiryWatch(
      [
        ExpirySource(every: .seconds(3_600)) {
          looks.withLock { $0 += 1 }
          return []
        }
      ], logger: .quiet, now: { Self.now }, lookInterval: .zero)
    for _ in 1...3 { _ = try await watch.check() }
    #expect(looks.withLock { $0 } == 1)
  }

  @Test func aSourceThatFailsLeavesWhatItTold() async {
    let isGone = Mutex(false)
    let watch = ExpiryWatch(
      [
        ExpirySource {
          if isGone.withLock({ $0 }) { throw Gone() }
          return [expiry("tls-certificate", inDays: -1)]
        }
      ], logger: .quiet, now: { Self.now })
    #expect(await findings(watch)?.isReady == false)
    isGone.withLock { $0 = true }
    #expect(await findings(watch)?.isReady == false)
  }

  @Test func aSourceThatFailsIsToldOnce() async throws {
    let looks = Mutex(0)
    let warnings = CountingHandler.Count()
    let watch = ExpiryWatch(
      [
        ExpirySource {
          looks.withLock { $0 += 1 }
          throw Gone()
        }
      ], logger: Logger(label: "test") { _ in CountingHandler(count: warnings) }, now: { Self.now }, lookInterval: .zero
    )
    while looks.withLock({ $0 }) < 3 { _ = try await watch.check() }
    #expect(warnings.value.withLock { $0 } == 1)
  }

  @Test func aFullDiskIsToldWithWhatToDo() throws {
    // More than any file system has; never more than a twentieth of it, though, so the floor is what is compared.
    let space = DiskSpace(freeBytes: 1 << 20, sizeBytes: 1 << 30)
    #expect(space.floor(64 << 20) == (1 << 30) / 20)
    #expect(DiskSpace(freeBytes: 0, sizeBytes: 1 << 40).floor(64 << 20) == 64 << 20)
    try DiskWatch(["/tmp", "/not/there"], minimumBytes: 0, logger: .quiet).check()
  }
}

/// Counts what is said that loudly.
private struct CountingHandler: LogHandler {
  final class Count: Sendable {
    let value = Mutex(0)
  }

  let count: Count
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { count.value.withLock { $0 += 1 } }
}

extension Logger {
  fileprivate static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

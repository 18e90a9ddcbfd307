import AppSupervision
import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppLink
@testable import Foundations

/// An app that is up but whose predecessor still works waits.
@Suite(.seated, .timeLimit(.minutes(10))) struct ActivationTests {
  /// Logs at `xtb_init` and at the only tick of a timer that is due at once.
  private static let text = eventApp(
    initialize: """
      (drop (call $timer_start (i64.const 0) (i64.const 0)))
      (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1)))
      (i32.const 0)
      """, event: "(call $hello) (i32.const 0)")

  @Test func anAppHandlesNoEventBefore() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(Self.text, isActivated: false)
    var history = AppHistory()
    let publication = try await history.read(app) { $0.publication }
    try await history.read(app) { $0.isStarted }
    // An event from outside waits like the timer.
    await app.deliver(.published(id: publication.id, reasonCode: 0))
    let before = now()
    await app.activate()
    await app.activate()
    let activated = try await history.read(app) { $0.activatedAt }
    #expect(activated >= before)
    for _ in 0..<2 { try await history.read(app) { $0.logText } }
    #expect(history.lines.allSatisfy { $0.monotonicNanoseconds >= activated })
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.events.count(where: { $0.activatedAt != nil }) == 1)
  }

  @Test(arguments: [Self.text, ProgramTests.program("")])
  func anAppThatIsNeverActivatedStops(text: String) async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(text, isActivated: false)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.lines.isEmpty)
    #expect(!history.events.contains { $0.activatedAt != nil })
  }

  @Test func aProgramBeginsWhenActivated() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      ProgramTests.program("(call $print (i32.const 1) (i32.const 128) (i32.const 4))"), isActivated: false)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.activate()
    let activated = try await history.read(app) { $0.activatedAt }
    #expect(try await history.ending(of: app) == .exited(code: 0))
    #expect(history.lines.map(\.text) == ["one"])
    #expect(history.lines.allSatisfy { $0.monotonicNanoseconds >= activated })
  }

  @Test func quietComesBeforeTheEnd() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(Self.text)
    var history = AppHistory()
    let activated = try await history.read(app) { $0.activatedAt }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    let quiet = history.events.compactMap(\.quietAt)
    #expect(quiet.count == 1 && quiet[0] >= activated && quiet[0] <= now())
    #expect(history.events.dropLast().last?.quietAt != nil)
  }

  private func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension AppEvent {
  var activatedAt: UInt64? {
    if case .activated(let nanoseconds) = self { nanoseconds } else { nil }
  }

  var quietAt: UInt64? {
    if case .quiet(let nanoseconds) = self { nanoseconds } else { nil }
  }
}

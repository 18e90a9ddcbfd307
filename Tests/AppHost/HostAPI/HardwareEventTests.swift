import AppSupervision
import TestApps
import TestSupport
import Testing

@testable import AppLink

/// Pins, sensors and the watchdog of an app in a real process.
@Suite(.seated, .timeLimit(.minutes(10))) struct HardwareEventTests {
  @Test func aWatchedPinMakesEventsAndASetOneIsTold() async throws {
    let bed = try AppTestBed()
    // The LED follows the button.
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (drop (call $gpio_open (i32.const 80) (i32.const 3) (i32.const 1)))
          (drop (call $gpio_watch (call $gpio_open (i32.const 88) (i32.const 6) (i32.const 0)) (i32.const 3)))
          (i32.const 0)
          """,
        event: """
          (if (i32.and (i32.eq (local.get $kind) (i32.const 5)) (i32.eq (local.get $handle) (i32.const 2))) (then
            (drop (call $gpio_set (i32.const 1) (i32.wrap_i64 (local.get $arg)))) (call $hello)))
          (i32.const 0)
          """))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.deliver(.pin(name: "button", level: 1))
    // Told with, or after, the button itself.
    let led = try await history.read(app) { $0.pinLevels?.first { $0.name == "led" } }
    #expect(led == PinLevel(name: "led", level: 1, changes: 1))
    // No change, and no pin of the app's.
    await app.deliver(.pin(name: "button", level: 1))
    await app.deliver(.pin(name: "absent", level: 1))
    await app.deliver(.pin(name: "button", level: 0))
    let off = try await history.read(app) { $0.pinLevels?.first { $0.name == "led" } }
    #expect(off == PinLevel(name: "led", level: 0, changes: 2))
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.texts(.app) == ["hello", "hello"])
  }

  @Test func aBlinkingPinIsToldAFewTimesASecond() async throws {
    let bed = try AppTestBed()
    // 1 kHz, 500 times.
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (drop (call $gpio_open (i32.const 80) (i32.const 3) (i32.const 1)))
          (drop (call $timer_start (i64.const 1000000) (i64.const 1000000)))
          (i32.const 0)
          """,
        event: """
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (drop (call $gpio_set (i32.const 1) (i32.and (global.get $count) (i32.const 1))))
          (if (i32.eq (global.get $count) (i32.const 501)) (then (unreachable)))
          (i32.const 0)
          """, more: "(global $count (mut i32) (i32.const 0))"))
    var history = AppHistory()
    guard case .trapped = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    let told = history.events.compactMap(\.pinLevels)
    // The last level is told before the end, whenever the time for it is.
    #expect(told.last == [PinLevel(name: "led", level: 1, changes: 501)])
    let times = history.lines.map(\.monotonicNanoseconds)
    #expect(told.count >= 2 && told.count <= 400, "\(told.count) in \(times)")
  }

  @Test func aSensorReadsFromElsewhereWhenToldSo() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (drop (call $sensor_open (i32.const 96) (i32.const 11)))
          (drop (call $timer_start (i64.const 1000000) (i64.const 5000000)))
          (i32.const 0)
          """,
        event: """
          (drop (call $sensor_read (i32.const 1) (i32.const 0) (i32.const 1000)))
          (if (i64.eq (i64.load (i32.const 1000)) (i64.const -3)) (then (call $hello) (unreachable)))
          (i32.const 0)
          """))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.deliver(.sensor(SensorGrant(name: "temperature", channels: [.constant(microUnits: -3)])))
    _ = try await history.ending(of: app)
    #expect(history.texts(.app) == ["hello"])
  }

  @Test func aMissedWatchdogEndsTheAppWithThatReason() async throws {
    let bed = try AppTestBed()
    // Fed three times, and then no more.
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (drop (call $watchdog_arm (i64.const 400000000)))
          (drop (call $timer_start (i64.const 0) (i64.const 100000000)))
          (i32.const 0)
          """,
        event: """
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (if (i32.lt_u (global.get $count) (i32.const 4)) (then (call $hello) (drop (call $watchdog_feed))))
          (i32.const 0)
          """, more: "(global $count (mut i32) (i32.const 0))"))
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .watchdogMissed(timeout: .milliseconds(400)))
    #expect(history.texts(.app).count == 3)
    let last = try #require(history.lines.last).monotonicNanoseconds
    let quiet = try #require(history.events.compactMap(\.quietAt).first)
    #expect(quiet >= last + 390_000_000)
    #expect(ResetReason(after: .watchdogMissed(timeout: .seconds(1))) == .watchdog)
  }

  @Test func theWatchdogWaitsForTheActivation() async throws {
    let bed = try AppTestBed()
    let text = eventApp(initialize: "(drop (call $watchdog_arm (i64.const 50000000))) (i32.const 0)")
    let app = try await bed.launch(text, isActivated: false)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    // Another one that was started later has missed its watchdog by now.
    var other = AppHistory()
    let second = try AppTestBed()
    let later = try await second.launch(text)
    #expect(try await other.ending(of: later) == .watchdogMissed(timeout: .milliseconds(50)))
    await app.activate()
    #expect(try await history.ending(of: app) == .watchdogMissed(timeout: .milliseconds(50)))
    #expect(history.events.contains { $0.activatedAt != nil })
  }

  @Test func aProgramThatComputesMissesItsWatchdogToo() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      """
      (module
        (import "xtb1" "watchdog_arm" (func $arm (param i64) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (call $arm (i64.const 100000000))) (loop $spin (br $spin))))
      """)
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .watchdogMissed(timeout: .milliseconds(100)))
  }
}

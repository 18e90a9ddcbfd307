import AppLink
import AppSupervision
import Glibc
import TestApps
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct EventAppTests {
  @Test func logsConfirmsAndStops() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(initialize: "(call $hello) (drop (call $health_confirm)) (drop (call $health_confirm)) (i32.const 0)"))
    var history = AppHistory()
    let nanoseconds = try await history.read(app) { event -> UInt64? in
      if case .started(let nanoseconds) = event { nanoseconds } else { nil }
    }
    #expect(nanoseconds > 0 && nanoseconds < 30_000_000_000)
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.texts(.app) == ["hello"])
    #expect(history.events.count(where: { $0 == .healthConfirmed }) == 1)
    #expect(kill(app.processIdentifier, 0) == -1 && errno == ESRCH)
    // The agent may ask again.
    await app.stop(grace: .zero)
  }

  @Test func linesCarryTimes() async throws {
    let bed = try AppTestBed()
    var before = timespec()
    clock_gettime(CLOCK_REALTIME, &before)
    let app = try await bed.launch(eventApp(initialize: "(call $hello) (i32.const 0)"))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    let line = try #require(history.lines.first)
    let seconds = line.realtimeNanoseconds / 1_000_000_000
    #expect((UInt64(before.tv_sec)...UInt64(before.tv_sec) + 60).contains(seconds))
    #expect(line.monotonicNanoseconds > 0)
    #expect(line.level == .info)
  }

  @Test func timersTickUntilStopped() async throws {
    let bed = try AppTestBed()
    // Three ticks of a period of 20 ms, then the timer is stopped and a single one of 50 ms ends in a trap that tells.
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (global.set $timer (call $timer_start (i64.const 1000000) (i64.const 20000000)))
          (i32.const 0)
          """,
        event: """
          (if (i32.eq (local.get $handle) (global.get $timer)) (then
            (call $hello)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (if (i32.eq (global.get $count) (i32.const 3)) (then
              (drop (call $timer_stop (global.get $timer)))
              (drop (call $timer_start (i64.const 50000000) (i64.const 0))))))
            (else (unreachable)))
          (i32.const 0)
          """, more: "(global $timer (mut i32) (i32.const 0)) (global $count (mut i32) (i32.const 0))"))
    var history = AppHistory()
    guard case .trapped = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    let ticks = history.lines.filter { $0.source == .app }
    #expect(ticks.count == 3)
    // Ticks keep to their period on the whole, however late a busy machine lets one of them be.
    let span = ticks[2].monotonicNanoseconds - ticks[0].monotonicNanoseconds
    #expect(span > 20_000_000 && span < 5_000_000_000)
  }

  @Test func publicationsAreAcknowledgedByEvents() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 16) (i32.const 5) (i32.const 1)))
          (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0)))
          (i32.const 0)
          """,
        event: """
          (i32.store (i32.const 64) (local.get $kind)) (i32.store (i32.const 68) (local.get $handle))
          (i64.store (i32.const 72) (local.get $arg))
          (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 64) (i32.const 16) (i32.const 1)))
          (i32.const 0)
          """))
    var history = AppHistory()
    let first = try await history.read(app) { $0.publication }
    #expect(first.topic == "topic" && first.payload == Array("hello".utf8) && first.qos == 1)
    let second = try await history.read(app) { $0.publication }
    #expect(second.id != first.id && second.payload.isEmpty && second.qos == 0)
    await app.deliver(.published(id: second.id, reasonCode: 0x10))
    let accepted = try await history.read(app) { $0.publication }
    #expect(accepted.payload == [2, 0, 0, 0, UInt8(second.id), 0, 0, 0] + [UInt8](repeating: 0, count: 8))
    await app.deliver(.published(id: first.id, reasonCode: 0x87))
    let refused = try await history.read(app) { $0.publication }
    #expect(refused.payload == [2, 0, 0, 0, UInt8(first.id), 0, 0, 0] + [0x87, 0, 0, 0, 0, 0, 0, 0])
    // Nothing of that ID waits any more.
    await app.deliver(.published(id: first.id, reasonCode: 0))
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.events.count(where: { $0.publication != nil }) == 4)
  }

  @Test func aModuleMayBeginInsideItsFile() async throws {
    let bed = try AppTestBed()
    let wasm = try await assemble(eventApp(initialize: "(call $hello) (i32.const 0)"))
    let app = try await bed.launch(wasm, prefix: [UInt8](repeating: 0xee, count: 544))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    #expect(history.texts(.app) == ["hello"])
  }

  @Test func initializeRunsFirst() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: "(i32.sub (global.get $ready) (i32.const 1))",
        more: """
          (global $ready (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $ready (i32.const 1)))
          """))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
  }

  @Test func manyAppsRunSideBySide() async throws {
    let texts = try await withThrowingTaskGroup(of: [String].self) { group in
      let wasm = try await assemble(eventApp(initialize: "(call $hello) (i32.const 0)"))
      for _ in 0..<4 {
        group.addTask {
          let bed = try AppTestBed()
          let app = try await bed.launch(wasm)
          var history = AppHistory()
          try await history.read(app) { $0.isStarted }
          await app.stop(grace: .seconds(10))
          return history.texts(.app)
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(texts == ["hello", "hello", "hello", "hello"])
  }
}

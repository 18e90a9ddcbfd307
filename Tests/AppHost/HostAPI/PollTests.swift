import AppSupervision
import TestApps
import TestSupport
import Testing

@testable import AppLink

/// Programs with `_start` that wait for their events.
@Suite(.seated, .timeLimit(.minutes(10))) struct PollTests {
  private static func program(_ body: String) -> String {
    """
    (module
      (import "xtb1" "poll" (func $poll (param i64 i32) (result i32)))
      (import "xtb1" "sleep_ns" (func $sleep (param i64) (result i32)))
      (import "xtb1" "timer_start" (func $timer_start (param i64 i64) (result i32)))
      (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
      (import "xtb1" "subscribe" (func $subscribe (param i32 i32) (result i32)))
      (import "xtb1" "msg_read" (func $msg_read (param i32 i32 i32 i32) (result i32)))
      (import "xtb1" "clock_ns" (func $clock (param i32) (result i64)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "topic")
      (global $began (mut i64) (i64.const 0))
      (func $tell (param i32 i32) (drop (call $publish (i32.const 16) (i32.const 5) (local.get 0) (local.get 1) (i32.const 1))))
      (func (export "_start") \(body)))
    """
  }

  @Test func timersSettlementsAndMessagesAreRecords() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.program(
        """
        (drop (call $subscribe (i32.const 16) (i32.const 5)))
        (drop (call $timer_start (i64.const 1000000) (i64.const 0)))
        (drop (call $poll (i64.const -1) (i32.const 1000))) (call $tell (i32.const 1000) (i32.const 32))
        (drop (call $poll (i64.const -1) (i32.const 1000))) (call $tell (i32.const 1000) (i32.const 32))
        (drop (call $poll (i64.const -1) (i32.const 1000)))
        (i32.store (i32.const 1024) (call $msg_read (i32.const 1) (i32.const 1) (i32.const 1028) (i32.const 4)))
        (call $tell (i32.const 1000) (i32.const 32))
        ;; Nothing comes, and the message is gone.
        (i32.store (i32.const 1000) (call $poll (i64.const 1000000) (i32.const 2000)))
        (i32.store (i32.const 1004) (i32.load (i32.const 2000)))
        (i32.store (i32.const 1008) (call $msg_read (i32.const 1) (i32.const 1) (i32.const 1028) (i32.const 4)))
        (i32.store (i32.const 1012) (call $poll (i64.const 0) (i32.const 65505)))
        (call $tell (i32.const 1000) (i32.const 16))
        """))
    var history = AppHistory()
    let timer = try await history.read(app) { $0.publication }
    #expect(Array(timer.payload[0..<8]) == [1, 0, 0, 0, 1, 0, 0, 0])
    #expect(timer.payload[8..<16].contains { $0 != 0 })
    #expect(timer.payload[16...].allSatisfy { $0 == 0 } && timer.payload.count == 32)
    await app.deliver(.published(id: timer.id, reasonCode: 0x99))
    let settled = try await history.read(app) { $0.publication }
    #expect(Array(settled.payload[0..<8]) == [2, 0, 0, 0, 1, 0, 0, 0] && settled.payload[16] == 0x99)
    await app.deliver(.message(handles: [1], topic: "topic", payload: [7]))
    let message = try await history.read(app) { $0.publication }
    #expect(Array(message.payload[0..<8]) == [3, 0, 0, 0, 1, 0, 0, 0] && message.payload[16] == 1)
    #expect(Array(message.payload[24..<29]) == [1, 0, 0, 0, 7])
    let rest = try await history.read(app) { $0.publication }
    #expect(rest.payload == [0, 0, 0, 0, 0, 0, 0, 0, 248, 255, 255, 255, 235, 255, 255, 255])
    #expect(try await history.ending(of: app) == .exited(code: 0))
  }

  @Test func waitingTakesItsTimeAndIsNotComputing() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.program(
        """
        (global.set $began (call $clock (i32.const 1)))
        (drop (call $sleep (i64.const 300000000))) (drop (call $poll (i64.const 300000000) (i32.const 1000)))
        (call $exit (i32.wrap_i64 (i64.div_u
          (i64.sub (call $clock (i32.const 1)) (global.get $began)) (i64.const 100000000))))
        """), limits: AppLimits(busyDeadline: .milliseconds(100)))
    var history = AppHistory()
    guard case .exited(let tenths) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(tenths >= 6 && tenths < 100)
  }

  @Test func aWaitingProgramStopsAtOnce() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(Self.program("(drop (call $poll (i64.const -1) (i32.const 1000)))"))
    var history = AppHistory()
    try await history.read(app) { $0.activatedAt }
    let began = ContinuousClock.now
    await app.stop(grace: .seconds(60))
    #expect(ContinuousClock.now - began < .seconds(30))
    #expect(try await history.ending(of: app) == .stopped)
  }

  @Test func anEventAppMayNotWait() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: "(drop (call $timer_start (i64.const 0) (i64.const 0))) (i32.const 0)",
        event: """
          (i32.store (i32.const 1000) (call $sleep_ns (i64.const 0)))
          (i32.store (i32.const 1004) (call $poll (i64.const 0) (i32.const 0)))
          (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 1000) (i32.const 8) (i32.const 1)))
          (i32.const 0)
          """))
    var history = AppHistory()
    #expect(try await history.read(app) { $0.publication }.payload == [204, 255, 255, 255, 204, 255, 255, 255])
    await app.stop(grace: .seconds(10))
  }
}

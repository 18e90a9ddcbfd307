import AppSupervision
import TestSupport
import Testing

@testable import AppLink

@Suite(.seated, .timeLimit(.minutes(10))) struct ProgramTests {
  /// A WASI command that does `body`; `$print` writes `length` bytes at `pointer` to a descriptor.
  static func program(_ body: String, more: String = "") -> String {
    """
    (module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "xtb1" "timer_start" (func $timer_start (param i64 i64) (result i32)))
      (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
      (import "xtb1" "watchdog_arm" (func $watchdog_arm (param i64) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 128) "one\\ntwo\\r\\nthree")
      (func $print (param $to i32) (param $pointer i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $pointer))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $fd_write (local.get $to) (i32.const 0) (i32.const 1) (i32.const 8))))
      ;; Sleeps by a relative subscription to the monotonic clock.
      (func $sleep (param $nanoseconds i64)
        (i64.store (i32.const 256) (i64.const 0)) (i32.store8 (i32.const 264) (i32.const 0))
        (i32.store (i32.const 272) (i32.const 1)) (i64.store (i32.const 280) (local.get $nanoseconds))
        (i64.store (i32.const 288) (i64.const 0)) (i32.store16 (i32.const 296) (i32.const 0))
        (drop (call $poll (i32.const 256) (i32.const 320) (i32.const 1) (i32.const 400))))
      \(more)
      (func (export "_start") \(body)))
    """
  }

  @Test func outputBecomesLinesAndTheEndIsItsOwn() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.program(
        "(call $print (i32.const 1) (i32.const 128) (i32.const 14)) (call $print (i32.const 2) (i32.const 128) (i32.const 4))"
      ))
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .exited(code: 0))
    #expect(history.texts(.stdout) == ["one", "two", "three"])
    #expect(history.texts(.stderr) == ["one"])
    #expect(history.events.contains { $0.isStarted != nil })
  }

  /// However an app ends, what it wrote last is a line, with or without its break.
  @Test(arguments: ["watchdog", "stop", "busy", "trap"]) func theLastWordsAreALine(_ ending: String) async throws {
    let bed = try AppTestBed()
    // Without a break, and then a whole line, so that it is known to be written.
    let words =
      "(call $print (i32.const 2) (i32.const 128) (i32.const 3)) (call $print (i32.const 1) (i32.const 128) (i32.const 4)) "
    let rest =
      switch ending {
      case "watchdog": "(drop (call $watchdog_arm (i64.const 300000000))) (call $sleep (i64.const 60000000000))"
      case "stop": "(call $sleep (i64.const 60000000000))"
      case "busy": "(loop (br 0))"
      default: "(unreachable)"
      }
    let app = try await bed.launch(
      Self.program(words + rest), limits: AppLimits(busyDeadline: .milliseconds(300)))
    var history = AppHistory()
    if ending == "stop" {
      _ = try await history.read(app) { $0.logText }
      await app.stop(grace: .seconds(10))
    }
    _ = try await history.ending(of: app)
    #expect(history.texts(.stderr) == ["one"])
  }

  @Test(arguments: [0, 3] as [Int32])
  func exitStatusIsTold(status: Int32) async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(Self.program("(call $exit (i32.const \(status))) (unreachable)"))
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .exited(code: status))
  }

  @Test func argumentsAndEnvironmentAreTheLaunchsAlone() async throws {
    let bed = try AppTestBed()
    // Prints the whole of both blocks, whose strings end in zero bytes.
    let app = try await bed.launch(
      Self.program(
        """
        (drop (call $args (i32.const 512) (i32.const 1024)))
        (call $print (i32.const 1) (i32.const 1024) (i32.const 11))
        (call $print (i32.const 1) (i32.const 136) (i32.const 1))
        (drop (call $environ_sizes (i32.const 600) (i32.const 604)))
        (drop (call $environ (i32.const 512) (i32.const 2048)))
        (call $print (i32.const 1) (i32.const 2048) (i32.load (i32.const 604)))
        """), arguments: ["first"], environment: ["A": "b"])
    var history = AppHistory()
    _ = try await history.ending(of: app)
    #expect(history.texts(.stdout) == ["test first ", "A=b "])
  }

  @Test func aProgramMayWaitForAsLongAsItLikes() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.program("(call $sleep (i64.const 900000000)) (call $print (i32.const 1) (i32.const 128) (i32.const 4))"),
      limits: AppLimits(busyDeadline: .milliseconds(200)))
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .exited(code: 0))
    #expect(history.texts(.stdout) == ["one"])
  }

  @Test func aProgramThatOnlyComputesIsEnded() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.program("(call $spin)", more: "(func $spin (loop $l (br $l)))"),
      limits: AppLimits(busyDeadline: .milliseconds(200)))
    var history = AppHistory()
    guard case .deadlineExceeded("_start", let trap) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(trap.frames.first?.functionName == "spin")
  }

  @Test func aSleepingProgramStopsAtOnce() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(Self.program("(call $sleep (i64.const 3600000000000))"))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    let began = ContinuousClock.now
    await app.stop(grace: .seconds(60))
    #expect(ContinuousClock.now - began < .seconds(30))
    #expect(try await history.ending(of: app) == .stopped)
  }

  @Test func aProgramsPublicationsFreeTheirPlaces() async throws {
    let bed = try AppTestBed()
    // Publishes two messages through a queue of one, and says what came of each try.
    let app = try await bed.launch(
      Self.program(
        """
        (loop $again
          (br_if $again (i32.eq (i32.const -6)
            (call $publish (i32.const 128) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)))))
        (loop $again (call $sleep (i64.const 1000000))
          (br_if $again (i32.eq (i32.const -6)
            (call $publish (i32.const 128) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)))))
        (call $exit (call $timer_start (i64.const 0) (i64.const 0)))
        """), limits: AppLimits(publishQueue: 1))
    var history = AppHistory()
    let first = try await history.read(app) { $0.publication }
    await app.deliver(.published(id: first.id, reasonCode: 0))
    try await history.read(app) { $0.publication }
    // A program may start timers; this is the first.
    #expect(try await history.ending(of: app) == .exited(code: 1))
  }
}

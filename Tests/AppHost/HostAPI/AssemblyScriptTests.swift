import AppLink
import AppSupervision
import TestSupport
import Testing

/// What the AssemblyScript compiler makes its programs import, by its conventions: a string is UTF-16, and the four
/// bytes before it are its length in bytes.
@Suite(.seated, .timeLimit(.minutes(10))) struct AssemblyScriptTests {
  private static func app(_ initialize: String) -> String {
    #"""
    (module
      (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
      (import "env" "console.log" (func $console (param i32)))
      (import "env" "seed" (func $seed (result f64)))
      (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
      (import "env" "Date.now" (func $now (result f64)))
      (import "env" "performance.now" (func $since (result f64)))
      (import "env" "console.assert" (func $assert (param i32 i32)))
      (import "env" "console.debug" (func $debug (param i32)))
      (import "env" "console.info" (func $info (param i32)))
      (import "env" "console.warn" (func $warn (param i32)))
      (import "env" "console.error" (func $error (param i32)))
      (import "env" "console.time" (func $time (param i32)))
      (import "env" "console.timeLog" (func $timeLog (param i32)))
      (import "env" "console.timeEnd" (func $timeEnd (param i32)))
      (memory (export "memory") 1)
      ;; As rt/common.ts lays objects out: mmInfo, gcInfo, gcInfo2, rtId, rtSize, then the payload at 1052.
      (data (i32.const 1032) "\1c\00\00\00\00\00\00\00\00\00\00\00\02\00\00\00\0c\00\00\00h\00\e4\00 \00=\d8\00\de!\00")
      (data (i32.const 1096) "\02\00\00\00\0e\00\00\00a\00p\00p\00.\00t\00s\00!\00")
      (data (i32.const 65532) "\02\00\00\00")
      (func (export "xtb_init") (result i32)
    """# + initialize + """
        )
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
      """
  }

  @Test func consoleLogWritesTheText() async throws {
    let bed = try AppTestBed()
    // The string, null, one whose length reaches outside memory, and a pointer outside.
    let app = try await bed.launch(
      Self.app(
        """
        (call $console (i32.const 1052)) (call $console (i32.const 0)) (call $console (i32.const 65536))
        (call $console (i32.const -2)) (i32.const 0)
        """))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    _ = try await history.ending(of: app)
    #expect(history.texts(.app) == ["hä 😀!"])
    #expect(history.lines.first?.level == .info)
  }

  /// The rest of the console has levels, `trace` its numbers, and clocks milliseconds.
  @Test func traceConsoleAndClocksAreServed() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.app(
        """
        (call $trace (i32.const 1052) (i32.const 2) (f64.const 4.5) (f64.const 7) (f64.const 0) (f64.const 0)
          (f64.const 0))
        (call $trace (i32.const 0) (i32.const 99) (f64.const 1) (f64.const 2) (f64.const 3) (f64.const 4) (f64.const 5))
        (call $debug (i32.const 1052)) (call $info (i32.const 1052)) (call $warn (i32.const 1052))
        (call $error (i32.const 1052)) (call $assert (i32.const 1) (i32.const 1052))
        (call $assert (i32.const 0) (i32.const 1052)) (call $timeLog (i32.const 1052)) (call $time (i32.const 1052))
        (call $timeEnd (i32.const 1052)) (call $timeEnd (i32.const 1052))
        ;; After 2020, in whole milliseconds; and a monotonic clock that has begun.
        (if (f64.lt (call $now) (f64.const 1577836800000)) (then (return (i32.const 1))))
        (if (f64.le (call $since) (f64.const 0)) (then (return (i32.const 2))))
        (i32.const 0)
        """))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    _ = try await history.ending(of: app)
    let texts = history.texts(.app)
    #expect(
      Array(texts.prefix(7)) == [
        "trace: hä 😀! 4.5, 7", "trace:  1, 2, 3, 4, 5", "hä 😀!", "hä 😀!", "hä 😀!", "hä 😀!", "Assertion failed: hä 😀!",
      ])
    #expect(history.lines.prefix(7).map(\.level) == [.info, .info, .debug, .info, .warning, .error, .error])
    #expect(texts.count == 8 && texts.last?.hasPrefix("hä 😀!: ") == true && texts.last?.hasSuffix(" ms") == true)
  }

  @Test func abortEndsTheAppWithItsReason() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.app("(call $abort (i32.const 1052) (i32.const 1104) (i32.const 12) (i32.const 34)) (i32.const 0)"))
    var history = AppHistory()
    guard case .trapped(let trap) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(trap.message.contains("abort: hä 😀! in app.ts!(12:34)"), "\(trap)")
    #expect(trap.code == "host" && !trap.frames.isEmpty)
  }

  @Test func abortWithoutAReasonEndsTheAppToo() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.app("(call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)"))
    var history = AppHistory()
    guard case .trapped(let trap) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(trap.message.contains("no message"))
  }

  @Test func theSeedIsANumberFromZeroToOneThatDiffers() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      Self.app(
        """
        (f64.store (i32.const 0) (call $seed)) (f64.store (i32.const 8) (call $seed))
        (if (f64.eq (f64.load (i32.const 0)) (f64.load (i32.const 8))) (then (return (i32.const 1))))
        (if (f64.lt (f64.load (i32.const 0)) (f64.const 0)) (then (return (i32.const 2))))
        (if (f64.ge (f64.load (i32.const 0)) (f64.const 1)) (then (return (i32.const 3))))
        (i32.const 0)
        """))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
  }

  @Test func aWrongTypeIsToldBeforeTheStart() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      """
      (module (import "env" "seed" (func (result i32))) (memory (export "memory") 1) (func (export "_start")))
      """)
    var history = AppHistory()
    #expect(
      try await history.ending(of: app)
        == .startFailed(reason: "the app imports env.seed as () -> i32, which is () -> f64 on a device: declare it so"))
  }
}

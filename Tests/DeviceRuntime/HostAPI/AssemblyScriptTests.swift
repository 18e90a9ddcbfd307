import DeviceRuntimeCore
import TestSupport
import Testing

/// What the AssemblyScript compiler makes its programs import, by its conventions: a string is UTF-16, and the four
/// bytes before it are its length in bytes.
@Suite(.timeLimit(.minutes(2))) struct AssemblyScriptTests {
  private static func app(_ initialize: String) -> String {
    #"""
    (module
      (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
      (import "env" "console.log" (func $console (param i32)))
      (import "env" "seed" (func $seed (result f64)))
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
        == .startFailed(reason: "the app imports env.seed as () -> (i32), which is () -> (f64) here"))
  }
}

import AppSupervision
import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppLink
@testable import Foundations

/// What an app does wrong ends the app, with its reason, and nothing else.
@Suite(.seated, .timeLimit(.minutes(10))) struct HostileAppTests {
  static let spin = "(func $spin (loop $l (br $l)))"
  static let tick = "(drop (call $timer_start (i64.const 0) (i64.const 0))) (i32.const 0)"

  private func ending(
    _ text: String, limits: AppLimits = .standard, startDeadline: Duration = .seconds(30)
  ) async throws -> (AppEnding, AppHistory) {
    let bed = try AppTestBed()
    let app = try await bed.launch(text, limits: limits, startDeadline: startDeadline)
    var history = AppHistory()
    let ending = try await history.ending(of: app)
    #expect(kill(app.processIdentifier, 0) == -1)
    return (ending, history)
  }

  @Test(arguments: [
    ("xtb_init", eventApp(initialize: "(call $spin) (i32.const 0)", more: spin)),
    ("_initialize", eventApp(more: spin + #"(func (export "_initialize") (call $spin))"#)),
    ("the start function", eventApp(more: spin + "(start $spin)")),
  ])
  func endlessStartIsEnded(call: String, text: String) async throws {
    let (ending, history) = try await ending(text, startDeadline: .seconds(2))
    guard case .deadlineExceeded(call, let trap) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(trap.code == "interrupt")
    #expect(trap.frames.first?.functionName == "spin")
    #expect(!history.events.contains { $0.isStarted != nil })
  }

  @Test func endlessEventIsEnded() async throws {
    let (ending, history) = try await ending(
      eventApp(initialize: Self.tick, event: "(call $spin) (i32.const 0)", more: Self.spin),
      limits: AppLimits(eventDeadline: .milliseconds(200)))
    guard case .deadlineExceeded("xtb_event", let trap) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(trap.frames.map(\.functionName) == ["spin", nil] || trap.frames.first?.functionName == "spin")
    #expect(history.events.contains { $0.isStarted != nil })
  }

  @Test(arguments: [
    ("unreachable", "(unreachable)"), ("memory-out-of-bounds", "(drop (i32.load (i32.const -4)))"),
    ("integer-division-by-zero", "(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
    ("stack-overflow", "(call $deep)"),
  ])
  func trapIsReportedWithItsPlace(code: String, body: String) async throws {
    let (ending, _) = try await ending(
      eventApp(initialize: Self.tick, event: "(call $deep) (i32.const 0)", more: "(func $deep \(body))"))
    guard case .trapped(let trap) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(trap.code == code)
    let frame = try #require(trap.frames.first)
    #expect(frame.functionName == "deep" && trap.frames.count <= 20)
    // A stack overflow happens before the function's first instruction.
    #expect(frame.moduleOffset > 0 || code == "stack-overflow")
  }

  @Test func memoryStopsAtItsLimit() async throws {
    let (ending, _) = try await ending(
      eventApp(
        initialize: """
          (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
          (memory.size)
          """), limits: AppLimits(memoryBytes: 10 << 16))
    #expect(
      ending
        == .startFailed(
          reason: "xtb_init returned 10, not 0: what that means is the app's own; it returns 0 when it is ready"))
  }

  @Test func moreMemoryThanAllowedFromTheBeginningIsRefused() async throws {
    let (ending, _) = try await ending(
      #"(module (memory (export "memory") 100) (func (export "_start")))"#, limits: AppLimits(memoryBytes: 10 << 16))
    guard case .startFailed(let reason) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(reason.contains("memory"))
  }

  @Test func floodOfLinesIsDammed() async throws {
    let (ending, history) = try await ending(
      eventApp(
        initialize: """
          (local $n i32)
          (loop $more
            (call $hello)
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $n) (i32.const 100000))))
          (call $log (i32.const 1) (i32.const 16) (i32.const 5))
          """), limits: AppLimits(logLinesPerSecond: 1, logBurstLines: 20))
    // The line that was dropped got −6, AGAIN, or the flood took so long that one more was allowed.
    #expect(
      "\(ending)".contains("xtb_init returned -6 (AGAIN), not 0") || history.texts(.app).count > 20)
    #expect(history.texts(.app).count >= 20 && history.texts(.app).count < 60)
    #expect(history.texts(.host).contains { $0.contains("dropping") })
    let told = history.texts(.host).compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }.reduce(0, +)
    #expect(told + history.texts(.app).count >= 100_000)
  }

  @Test func longAndStrangeLinesAreMended() async throws {
    let (_, history) = try await ending(
      eventApp(
        initialize: """
          (memory.fill (i32.const 1000) (i32.const 65) (i32.const 5000))
          (drop (call $log (i32.const 3) (i32.const 1000) (i32.const 5000)))
          (drop (call $log (i32.const 0) (i32.const 100) (i32.const 6)))
          (i32.const 1)
          """, more: #"(data (i32.const 100) "a\00\1b\0ab\ff")"#))
    #expect(history.texts(.app) == [String(repeating: "A", count: 1024) + "…", "a   b\u{FFFD}"])
    #expect(history.lines.prefix(2).map(\.level) == [.error, .debug])
  }

  @Test(arguments: [
    ("(module)", "exports neither"),
    (
      #"(module (memory (export "memory") 1) (func (export "xtb_init") (result i32) (i32.const 0)))"#, "exports neither"
    ),
    (#"(module (func (export "_start")))"#, "memory"),
    (#"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#, "_start"),
    (
      #"(module (memory (export "memory") 1) (func (export "xtb_init")) (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))"#,
      "xtb_init"
    ),
    (#"(module (import "xtb1" "fly" (func)) (memory (export "memory") 1) (func (export "_start")))"#, "xtb1.fly"),
    (#"(module (import "env" "abort" (func)) (memory (export "memory") 1) (func (export "_start")))"#, "env.abort"),
    (#"(module (import "xtb1" "log" (func)) (memory (export "memory") 1) (func (export "_start")))"#, "xtb1.log"),
    (#"(module (import "xtb1" "memory" (memory 1)) (func (export "_start")))"#, "xtb1.memory"),
    (eventApp(initialize: "(i32.const -5)"), "returned -5"),
  ])
  func appsThatCantStartSayWhy(text: String, word: String) async throws {
    let (ending, _) = try await ending(text)
    guard case .startFailed(let reason) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(reason.contains(word))
  }

  @Test func bytesThatAreNoModuleAreRefused() async throws {
    let bed = try AppTestBed()
    var history = AppHistory()
    guard case .startFailed = try await history.ending(of: bed.launch([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99, 99])) else {
      Issue.record("\(history.events)")
      return
    }
  }
}

import DeviceProtocol
import TestSupport
import Testing

@testable import Agent
@testable import AppLink
@testable import DeviceStorage

/// Which endings are reported, and as what.
@Suite(.seated) struct CrashCauseTests {
  private static let trap = AppTrap(
    code: "unreachable", message: "wasm trap: unreachable",
    frames: [
      .init(functionIndex: 3, functionOffset: 7, moduleOffset: 99, functionName: "boom"),
      .init(functionIndex: 4, functionOffset: 8, moduleOffset: 100, functionName: nil),
    ])

  @Test(arguments: [
    (AppEnding.trapped(trap), "unreachable", "wasm trap: unreachable", 2),
    (
      .deadlineExceeded(call: "xtb_event", trap), "deadline-exceeded",
      "took too long in xtb_event: wasm trap: unreachable", 2
    ),
    (
      .watchdogMissed(timeout: .seconds(2)), "watchdog-missed",
      "did not feed its watchdog within 2.0 seconds: call watchdog_feed at least that often, or arm it with a longer time",
      0
    ),
    (.killed(signal: 9), "killed", "was killed by signal 9", 0),
    (.exited(code: 3), "exited", "exited with status 3", 0),
    (.startFailed(reason: "xtb_init answered 1"), "start-failed", "did not start: xtb_init answered 1", 0),
    (.hostFailed(reason: "no engine"), "host-failed", "its host process failed: no engine", 0),
  ])
  func anEndThatNobodyWantedHasACause(_ ending: AppEnding, code: String, message: String, frames: Int) throws {
    let cause = try #require(CrashCause(ending))
    #expect(cause.code == code)
    #expect(cause.message == message)
    #expect(cause.frames.count == frames)
  }

  @Test(arguments: [AppEnding.stopped, .exited(code: 0)])
  func anEndThatWasWantedHasNone(_ ending: AppEnding) { #expect(CrashCause(ending) == nil) }

  @Test func framesTellWhereItHappened() throws {
    let cause = try #require(CrashCause(.trapped(Self.trap)))
    #expect(cause.frames[0] == .init(function: 3, functionOffset: 7, moduleOffset: 99, name: "boom"))
    #expect(cause.frames[1].name == nil)
  }

  @Test func whatAnAppCanMakeLongOrUglyIsCut() throws {
    let long = String(repeating: "é", count: 5000)
    let frames = (0..<100).map {
      AppTrap.Frame(functionIndex: $0, functionOffset: 0, moduleOffset: 0, functionName: long + "\n")
    }
    let cause = try #require(CrashCause(.trapped(AppTrap(code: "c", message: "a\u{1B}\n\(long)", frames: frames))))
    #expect(cause.frames.count == 20)
    #expect(cause.frames.allSatisfy { $0.name?.utf8.count ?? 0 <= 512 })
    #expect(cause.message.utf8.count <= 1024)
    #expect(cause.message.hasPrefix("a  é"))
  }
}

import Foundation
import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppLink
@testable import AppSupervision
@testable import Foundations

/// Processes that are there before the app that they will run.
@Suite(.seated, .timeLimit(.minutes(10))) struct PreparedProcessTests {
  private static let text = eventApp(initialize: "(call $hello) (i32.const 0)")

  @Test func theNextLaunchTakesIt() async throws {
    let bed = try AppTestBed()
    await bed.launcher.prepare(.standard)
    let prepared = try #require(await bed.launcher.preparedProcess())
    let app = try await bed.launch(Self.text)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    #expect(app.processIdentifier == prepared && history.texts(.app) == ["hello"])
    #expect(await bed.launcher.preparedProcess() == nil)
    let next = try await bed.launch(Self.text)
    #expect(next.processIdentifier != prepared)
    for app in [app, next] { await app.stop(grace: .seconds(10)) }
  }

  @Test func preparingAgainKeepsTheOneThatIsThere() async throws {
    let bed = try AppTestBed()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { await bed.launcher.prepare(.standard) } }
    }
    let prepared = try #require(await bed.launcher.preparedProcess())
    await bed.launcher.prepare(.standard)
    #expect(await bed.launcher.preparedProcess() == prepared)
    await bed.launcher.dropPrepared()
    // Nor is any of the others left.
    try await eventually("all sockets are gone") { try sockets(in: bed.folder.path("ipc")).isEmpty }
  }

  @Test func oneThatDiedIsNotUsed() async throws {
    let bed = try AppTestBed()
    await bed.launcher.prepare(.standard)
    let prepared = try #require(await bed.launcher.preparedProcess())
    kill(prepared, SIGKILL)
    try await eventually("its death is noticed") { await bed.launcher.preparedProcess() == nil }
    let app = try await bed.launch(Self.text)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    #expect(app.processIdentifier != prepared)
    await app.stop(grace: .seconds(10))
  }

  @Test func oneThatNobodyNeedsGoesByItself() async throws {
    let bed = try AppTestBed()
    let launcher = try ProcessAppLauncher(
      executable: product("xtblish-app-host"), directory: bed.folder.path("impatient"), patience: .milliseconds(100))
    await launcher.prepare(.standard)
    try await eventually("it is gone") {
      let process = await launcher.preparedProcess()
      return try process == nil && sockets(in: bed.folder.path("impatient")).isEmpty
    }
    try bed.write(try await assemble(Self.text), to: bed.modulePath)
    let app = try await launcher.launch(
      AppLaunch(modulePath: bed.modulePath, compiledCachePath: bed.cachePath, deviceID: [], version: 1))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
  }

  /// What a process may send was settled when it was prepared.
  @Test func anAppWithOtherLimitsGetsAnother() async throws {
    let bed = try AppTestBed()
    await bed.launcher.prepare(.standard)
    let prepared = try #require(await bed.launcher.preparedProcess())
    var limits = AppLimits.standard
    limits.publishPayloadBytes += 1
    let app = try await bed.launch(Self.text, limits: limits)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    #expect(app.processIdentifier != prepared && kill(prepared, 0) != 0)
    await app.stop(grace: .seconds(10))
  }

  @Test func aDroppedOneIsGone() async throws {
    let bed = try AppTestBed()
    await bed.launcher.prepare(.standard)
    let prepared = try #require(await bed.launcher.preparedProcess())
    await bed.launcher.dropPrepared()
    let left = await bed.launcher.preparedProcess()
    #expect(left == nil && kill(prepared, 0) != 0)
    #expect(try sockets(in: bed.folder.path("ipc")).isEmpty)
    await bed.launcher.dropPrepared()
  }

  /// It has the engine by the time of the launch, and its waiting counts for nothing.
  @Test func itIsReadyToCompile() async throws {
    let bed = try AppTestBed()
    await bed.launcher.prepare(.standard)
    let prepared = try #require(await bed.launcher.preparedProcess())
    try await eventually("the engine is loaded") {
      try String(contentsOfFile: "/proc/\(prepared)/maps", encoding: .utf8).contains("libwasmtime")
    }
    let before = KernelClock.monotonicNanoseconds()
    let app = try await bed.launch(Self.text)
    var history = AppHistory()
    let started = try await history.read(app) { $0.startNanoseconds }
    #expect(started < KernelClock.monotonicNanoseconds() - before)
    await app.stop(grace: .seconds(10))
  }

  private func sockets(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }
}

extension AppEvent {
  fileprivate var startNanoseconds: UInt64? {
    if case .started(let nanoseconds) = self { nanoseconds } else { nil }
  }
}

import Glibc
import TestSupport

@testable import AppLink
@testable import AppSupervision
@testable import DeviceBoard
@testable import Foundations

/// What the device grants to a test's app.
struct TestBoard {
  var pins = Board.simulated.pins
  var sensors = Board.simulated.sensors
  var topics: [String] = []
  var resetReason = ResetReason.power
}

/// Runs apps in real processes of the built `xtblish-app-host`.
struct AppTestBed {
  let folder: TemporaryFolder
  let launcher: ProcessAppLauncher

  init() throws {
    folder = try TemporaryFolder("xtblish-app")
    launcher = try ProcessAppLauncher(executable: product("xtblish-app-host"), directory: folder.path("ipc"))
  }

  func launch(
    _ text: String, configuration: [String: String] = [:], arguments: [String] = [],
    environment: [String: String] = [:], limits: AppLimits = .standard, startDeadline: Duration = .seconds(30),
    isActivated: Bool = true, board: TestBoard = TestBoard()
  ) async throws -> any RunningApp {
    try await launch(
      assemble(text, options: ["--debug-names"]), configuration: configuration, arguments: arguments,
      environment: environment, limits: limits, startDeadline: startDeadline, isActivated: isActivated, board: board)
  }

  func launch(
    _ wasm: [UInt8], prefix: [UInt8] = [], configuration: [String: String] = [:], arguments: [String] = [],
    environment: [String: String] = [:], limits: AppLimits = .standard, startDeadline: Duration = .seconds(30),
    isActivated: Bool = true, board: TestBoard = TestBoard()
  ) async throws -> any RunningApp {
    try write(prefix + wasm, to: modulePath)
    let app = try await launcher.launch(
      AppLaunch(
        modulePath: modulePath, moduleOffsetBytes: UInt64(prefix.count), compiledCachePath: cachePath,
        deviceID: Array(1...16), version: 7, appName: "test", appVersion: "1.0", configuration: configuration,
        arguments: arguments, environment: environment, limits: limits, startDeadline: startDeadline,
        pins: board.pins, sensors: board.sensors, topics: board.topics, resetReason: board.resetReason))
    if isActivated { await app.activate() }
    return app
  }

  var modulePath: String { folder.path("app.wasm") }
  var cachePath: String { folder.path("app.code") }

  func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw TestFailure("can't write \(path)")
    }
  }
}

/// What an app did, for tests to look at.
struct AppHistory {
  private(set) var events: [AppEvent] = []

  /// Reads on until an event is what is looked for, or the stream ends.
  @discardableResult
  mutating func read<Value>(
    _ app: any RunningApp, until isWanted: (AppEvent) -> Value?
  ) async throws -> Value {
    for await event in app.events {
      events.append(event)
      if let value = isWanted(event) { return value }
    }
    throw TestFailure("the app ended before: \(events)")
  }

  /// Reads on to the end.
  mutating func ending(of app: any RunningApp) async throws -> AppEnding {
    for await event in app.events { events.append(event) }
    guard case .ended(let ending) = events.last else { throw TestFailure("no ending: \(events)") }
    return ending
  }

  var lines: [AppLogLine] {
    events.compactMap { event in
      if case .log(let line) = event { line } else { nil }
    }
  }

  func texts(_ source: AppLogLine.Source) -> [String] { lines.filter { $0.source == source }.map(\.text) }
}

extension AppEvent {
  var isStarted: Void? {
    if case .started = self { () } else { nil }
  }

  var publication: (id: UInt64, topic: String, payload: [UInt8], qos: UInt8)? {
    if case .publish(let id, let topic, let payload, let qos) = self { (id, topic, payload, qos) } else { nil }
  }

  var logText: String? {
    if case .log(let line) = self { line.text } else { nil }
  }
}

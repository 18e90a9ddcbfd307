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

/// An app of the event kind around the given bodies of its functions. Strings: "hello" at 16, "topic" at 32, "led" at
/// 80, "button" at 88, "temperature" at 96, "a/+" at 112.
func eventApp(
  initialize: String = "(i32.const 0)", event: String = "(i32.const 0)", more: String = ""
) -> String {
  """
  (module
    (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
    (import "xtb1" "timer_start" (func $timer_start (param i64 i64) (result i32)))
    (import "xtb1" "timer_stop" (func $timer_stop (param i32) (result i32)))
    (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
    (import "xtb1" "health_confirm" (func $health_confirm (result i32)))
    (import "xtb1" "config_get" (func $config_get (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "device_id" (func $device_id (param i32) (result i32)))
    (import "xtb1" "random" (func $random (param i32 i32) (result i32)))
    (import "xtb1" "clock_ns" (func $clock_ns (param i32) (result i64)))
    (import "xtb1" "clock_res_ns" (func $clock_res_ns (param i32) (result i64)))
    (import "xtb1" "sleep_ns" (func $sleep_ns (param i64) (result i32)))
    (import "xtb1" "poll" (func $poll (param i64 i32) (result i32)))
    (import "xtb1" "kv_get" (func $kv_get (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "kv_set" (func $kv_set (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "kv_delete" (func $kv_delete (param i32 i32) (result i32)))
    (import "xtb1" "kv_next" (func $kv_next (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "subscribe" (func $subscribe (param i32 i32) (result i32)))
    (import "xtb1" "unsubscribe" (func $unsubscribe (param i32) (result i32)))
    (import "xtb1" "msg_read" (func $msg_read (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "gpio_open" (func $gpio_open (param i32 i32 i32) (result i32)))
    (import "xtb1" "gpio_get" (func $gpio_get (param i32) (result i32)))
    (import "xtb1" "gpio_set" (func $gpio_set (param i32 i32) (result i32)))
    (import "xtb1" "gpio_watch" (func $gpio_watch (param i32 i32) (result i32)))
    (import "xtb1" "sensor_open" (func $sensor_open (param i32 i32) (result i32)))
    (import "xtb1" "sensor_read" (func $sensor_read (param i32 i32 i32) (result i32)))
    (import "xtb1" "watchdog_arm" (func $watchdog_arm (param i64) (result i32)))
    (import "xtb1" "watchdog_feed" (func $watchdog_feed (result i32)))
    (import "xtb1" "reset_reason" (func $reset_reason (result i32)))
    (import "xtb1" "mem_info" (func $mem_info (param i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello")
    (data (i32.const 32) "topic")
    (data (i32.const 80) "led") (data (i32.const 88) "button") (data (i32.const 96) "temperature")
    (data (i32.const 112) "a/+")
    (func $hello (drop (call $log (i32.const 1) (i32.const 16) (i32.const 5))))
    \(more)
    (func (export "xtb_init") (result i32) \(initialize))
    (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $time i64) (param $arg i64) (result i32)
      \(event)))
  """
}

import DeviceProtocol
import Foundation
import Logging
import Messaging
import Synchronization
import TestApps
import TestSupport
import Testing
import Wire

@testable import DeviceAdmin
@testable import Foundations

/// Apps that mean harm, on the device's real program: the agent answers its admin command within a second all the
/// while, and goes back to the app before or goes on, as the case may be.
@Suite(.seated, .serialized, .timeLimit(.minutes(10))) struct HostileDeviceTests {
  enum Outcome: Sendable {
    /// It gives way to the app before, with a reason that holds these words.
    case rolledBack([String])
    /// It goes on running, and is no danger.
    case confirmed
  }

  struct HostileApp: Sendable, CustomTestStringConvertible {
    var name: String
    var outcome: Outcome
    var text: String
    var testDescription: String { name }

    init(_ name: String, _ outcome: Outcome, _ text: String) {
      self.name = name
      self.outcome = outcome
      self.text = text
    }
  }

  static let spin = "(func $spin (loop $l (br $l)))"
  static let tick = "(drop (call $timer_start (i64.const 0) (i64.const 1000000)))"
  static let program = #"(memory (export "memory") 1)"#
  static let writing = #"(import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))"#

  static let apps = [
    HostileApp(
      "endless loop in _start", .rolledBack(["too long", "_start"]),
      "(module \(program) \(spin) (func (export \"_start\") (call $spin)))"),
    HostileApp(
      "endless loop in xtb_init", .rolledBack(["too long", "xtb_init"]),
      eventApp(initialize: "(call $spin) (i32.const 0)", more: spin)),
    HostileApp(
      "endless loop in an event", .rolledBack(["too long", "xtb_event"]),
      eventApp(initialize: tick + "(i32.const 0)", event: "(call $spin) (i32.const 0)", more: spin)),
    HostileApp(
      "endless loop in the start function", .rolledBack(["too long", "the start function"]),
      eventApp(more: spin + "(start $spin)")),
    HostileApp(
      "memory to the limit, all of it used", .confirmed,
      eventApp(
        initialize: """
          (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16)))))
          (memory.fill (i32.const 64) (i32.const 7) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 64)))
          (i32.const 0)
          """)),
    HostileApp(
      "deep recursion", .rolledBack(["trapped", "stack-overflow"]),
      eventApp(
        initialize: tick + "(i32.const 0)", event: "(call $deep (i32.const 1)) (i32.const 0)",
        more: "(func $deep (param i32) (call $deep (i32.add (local.get 0) (i32.const 1))))")),
    HostileApp(
      "flood of log lines", .confirmed,
      eventApp(
        initialize: tick + "(i32.const 0)",
        event: """
          (local $n i32)
          (loop $more
            (call $hello)
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $n) (i32.const 50000))))
          (i32.const 0)
          """)),
    HostileApp(
      "flood of standard output", .confirmed,
      """
      (module \(writing) \(program) (data (i32.const 0) "\\08\\00\\00\\00\\05\\00\\00\\00line\\0a")
        (func (export "_start")
          (loop $more (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))) (br $more))))
      """),
    HostileApp(
      "flood of messages", .confirmed,
      eventApp(
        initialize: tick + "(i32.const 0)",
        event: """
          (local $n i32)
          (loop $more
            (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 60000) (i32.const 0)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $n) (i32.const 2000))))
          (i32.const 0)
          """)),
    HostileApp("10,000 functions", .confirmed, manyFunctions(10_000)),
  ]

  static func manyFunctions(_ count: Int) -> String {
    let functions = (1..<count).map { index in
      """
      (func $f\(index) (param i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const \(index))) (call $f\(index - 1) (local.get 0))))
      """
    }
    return eventApp(
      initialize: "(drop (call $f99 (i32.const 1))) (i32.const 0)",
      more: "(func $f0 (param i32) (result i32) (local.get 0))" + functions.joined(separator: "\n"))
  }

  static let settings = [
    "XTBLISH_DEVICE_APP_EVENT_MILLISECONDS": "500", "XTBLISH_DEVICE_APP_BUSY_SECONDS": "1",
    "XTBLISH_DEVICE_APP_MEMORY_BYTES": "32MiB", "XTBLISH_LOG_LEVEL": "info",
  ]

  /// A device that runs version 1, and somebody who asks it how it is, over and over.
  private func withDevice(
    startSeconds: Int = 20, trialSeconds: Int = 2, _ body: (AgentHarness, DeviceProcess, Int32) async throws -> Void
  ) async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    let process = try device.start(
      settings: Self.settings.merging([
        "XTBLISH_DEVICE_APP_START_SECONDS": "\(startSeconds)", "XTBLISH_DEVICE_TRIAL_SECONDS": "\(trialSeconds)",
      ]) { $1 })
    let first = try await device.image(1)
    harness.offer(first.bytes, as: 1)
    try await harness.reconcile(first)
    try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    let isOver = Flag()
    let asking = Task {
      try await Self.withAgent(of: device) { agent in
        try await Self.withYardstick { yardstick in
          async let answer = Self.longestAnswer(from: agent, until: isOver)
          async let measure = Self.longestAnswer(from: yardstick, until: isOver)
          return try await (answer, measure)
        }
      }
    }
    do {
      try await body(harness, device, process.processIdentifier)
    } catch {
      isOver.raise()
      throw error
    }
    isOver.raise()
    let (longest, measure) = try await asking.value
    // Hundreds of other tests share this process and the machine: how long they hold up a question is no fault of the
    // agent's.
    #expect(longest < .seconds(1) + measure)
    #expect(process.isRunning)
    try await process.stop()
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)

    var isRaised: Bool { value.withLock { $0 } }

    func raise() { value.withLock { $0 = true } }
  }

  /// Asks until it is over, and some times at least.
  private static func longestAnswer(from client: RPCClient, until isOver: Flag) async throws -> Duration {
    var (longest, count) = (Duration.zero, 0)
    while !isOver.isRaised || count < 10 {
      let start = ContinuousClock.now
      let status = try await client.call(WireGetDeviceStatus(), deadline: .seconds(10))
      longest = max(longest, .now - start)
      #expect(status.hasRunning)
      count += 1
      // Sleeps: the pause between two samples of how long an answer takes.
      try await Task.sleep(for: .milliseconds(20))
    }
    return longest
  }

  /// With a client of a server that has nothing to do but answer the same question.
  private static func withYardstick<T: Sendable>(_ body: (RPCClient) async throws -> T) async throws -> T {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var router = RPCRouter()
    router.handle(WireGetDeviceStatus.self, allowing: .operator) { _, _ in
      var status = WireDeviceStatus()
      status.running = WireRunningApp()
      return status
    }
    let server = RPCServer(name: "yardstick", listening: "tcp://127.0.0.1:*", router: router, logger: logger)
    let running = Task { try await server.run() }
    defer { running.cancel() }
    return try await withRPCClient(endpoints: [try await server.boundAddress()], logger: logger, body)
  }

  /// With a client that has the keys of the admin commands.
  private static func withAgent<T: Sendable>(
    of device: DeviceProcess, _ body: (RPCClient) async throws -> T
  ) async throws -> T {
    let address = try AgentAddress(directory: device.directory)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let bus = try Bus(
      keyFile: AgentKeys.keyFile(in: address.keyFolder), peersFolder: address.keyFolder, logger: logger)
    return try await withRPCClient(
      name: "device", endpoints: [address.endpoint], transport: bus.transport(to: .device), logger: logger, body)
  }

  static func status(of device: DeviceProcess) async throws -> WireDeviceStatus {
    try await withAgent(of: device) { client in
      try await client.call(WireGetDeviceStatus(), deadline: .seconds(10))
    }
  }

  /// In bytes.
  static func residentMemory(of process: Int32) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
    return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 4096
  }

  @Test(arguments: apps) func theAgentOutlives(_ app: HostileApp) async throws {
    // A limit on processor time may take much longer by the clock on a busy machine, and must come before the trial
    // is over.
    let trialSeconds = if case .rolledBack = app.outcome { 600 } else { 2 }
    try await withDevice(
      startSeconds: app.name.contains("init") || app.name.contains("start function") ? 3 : 20,
      trialSeconds: trialSeconds
    ) { harness, device, process in
      let before = try Self.residentMemory(of: process)
      let image = try TestImage(
        device: harness.device, version: 2, wasm: try await assemble(app.text, options: ["--debug-names"]))
      harness.offer(image.bytes, as: 2)
      try await harness.notify(image)
      switch app.outcome {
      case .rolledBack(let words):
        let report = try await harness.waitForReport { $0.failed?.version == 2 }
        #expect(report.status == "rolled-back" && report.version == 1)
        for word in words { #expect(report.reason?.contains(word) == true, "\(report)") }
      case .confirmed:
        try await harness.waitForReport { $0.version == 2 && $0.status == "confirmed" }
      }
      #expect(try Self.residentMemory(of: process) < before + (48 << 20))
    }
  }

  @Test(arguments: [Array("\0asm\u{1}\0\0\0\u{63}\u{63}".utf8), [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 1, 0x85]])
  func aMalformedModuleIsNotRun(_ wasm: [UInt8]) async throws {
    try await withDevice { harness, device, process in
      let image = try TestImage(device: harness.device, version: 2, wasm: wasm)
      harness.offer(image.bytes, as: 2)
      try await harness.notify(image)
      let report = try await harness.waitForReport { $0.failed?.version == 2 }
      #expect(report.version == 1 && (report.status == "refused" || report.status == "rolled-back"))
    }
  }

  @Test func anAppsProcessThatCrashesIsStartedAgain() async throws {
    try await withDevice { harness, device, process in
      let victim = try await Self.status(of: device).running.pid
      // The engine's own handler takes the first signal for a trap of the app and gives it back to the kernel.
      try await eventually {
        kill(victim, SIGSEGV)
        let now = try await Self.status(of: device).running.pid
        return now != 0 && now != victim
      }
    }
  }

  @Test func aFrozenAppGivesWayToTheNextVersion() async throws {
    try await withDevice { harness, device, process in
      let victim = try await Self.status(of: device).running.pid
      kill(victim, SIGSTOP)
      let second = try await device.image(2)
      harness.offer(second.bytes, as: 2)
      try await harness.notify(second)
      try await harness.waitForReport { $0.version == 2 && $0.status == "confirmed" }
      try await eventually { kill(victim, 0) != 0 }
    }
  }
}

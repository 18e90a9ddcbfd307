import DeviceProtocol
import Foundation
import TestPeers
import TestSupport
import Testing
import Wire

@testable import Agent
@testable import Foundations

/// Lines and crashes on the whole way, from an app in its own process through a real agent, broker and notifier, each of
/// which is killed in the middle of it.
@Suite(.seated, .serialized, .timeLimit(.minutes(10))) struct DiagnosticChainTests {
  private struct Chain {
    let harness: AgentHarness
    let device: DeviceProcess
    let registry: RecordingRegistry
    private let ports: [FreePort]

    init() async throws {
      harness = try await AgentHarness()
      device = try DeviceProcess(harness)
      registry = try await RecordingRegistry()
      ports = [try FreePort(), try FreePort()]
    }

    func startNotifier() async throws -> ChildProcess {
      let process = try ChildProcess(
        try product("xtblish-notifier"), ["serve"],
        environment: [
          "XTBLISH_INSECURE": "true", "XTBLISH_NOTIFIER_RPC_LISTEN": "tcp://127.0.0.1:\(ports[0].number)",
          "XTBLISH_NOTIFIER_OPERATIONS_LISTEN": "127.0.0.1:\(ports[1].number)",
          "XTBLISH_MQTT_HOST": harness.broker.host, "XTBLISH_MQTT_PORT": "\(harness.broker.port)",
          "XTBLISH_REGISTRY_ENDPOINTS": registry.endpoint,
        ], inheritsEnvironment: false)
      try await process.waitForLine(containing: "connected to the broker")
      return process
    }

    /// All that is in the device's own log.
    func ownLines() async throws -> [(id: UInt64, text: String)] {
      let (status, output) = try await DeviceProcess.command(
        ["logs", "--json", "-n", "1000000"], environment: device.environment)
      guard status == .exited(0) else { throw TestFailure("logs ended with \(status): \(output.suffix(500))") }
      return try output.split(separator: "\n").map { line in
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return (UInt64(try #require(fields["id"] as? Int)), try #require(fields["text"] as? String))
      }
    }

    func deploy(_ wasm: [UInt8], as version: UInt64) async throws {
      let image = try TestImage(device: harness.device, version: version, wasm: wasm)
      harness.offer(image.bytes, as: version)
      try await harness.reconcile(image)
    }
  }

  /// Logs "line 000001" and so on, 40 times a second.
  private static let counting = """
    (module
      (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
      (import "xtb1" "timer_start" (func $timer (param i64 i64) (result i32)))
      (import "xtb1" "health_confirm" (func $confirm (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "line 000000")
      (func $count (local $at i32)
        (local.set $at (i32.const 10))
        (loop $digit
          (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 57))
            (then
              (i32.store8 (local.get $at) (i32.const 48))
              (local.set $at (i32.sub (local.get $at) (i32.const 1)))
              (br $digit))
            (else (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))))))
      (func (export "xtb_init") (result i32)
        (drop (call $timer (i64.const 1000000) (i64.const 25000000)))
        (drop (call $confirm))
        (i32.const 0))
      (func (export "xtb_event") (param i32 i32 i64 i64) (result i32)
        (call $count)
        (drop (call $log (i32.const 1) (i32.const 0) (i32.const 11)))
        (i32.const 0)))
    """

  @Test func numberedLinesArriveCompleteInOrderAndOnceWhateverIsKilled() async throws {
    let chain = try await Chain()
    var notifier = try await chain.startNotifier()
    var agent = try chain.device.start()
    try await chain.harness.waitForReport { _ in true }
    try await chain.deploy(try await assemble(Self.counting), as: 1)
    for round in 0..<20 {
      let before = chain.registry.logs.allLines.last?.id ?? 0
      try await eventually("lines after round \(round)") {
        chain.registry.logs.allLines.last?.id ?? 0 > before
      }
      // Sleeps: the moment of the kill is what varies, over the intervals of sending.
      try await Task.sleep(for: .milliseconds(round * 61 % 700))
      switch round % 3 {
      case 0:
        try await chain.harness.broker.kill()
        try await chain.harness.broker.start()
      case 1:
        notifier.kill(SIGKILL)
        try await notifier.waitForExit()
        notifier = try await chain.startNotifier()
      default:
        agent.kill(SIGKILL)
        try await agent.waitForExit()
        agent = try chain.device.start()
      }
    }
    // The log as it is at some moment; then it goes on.
    let own = try await eventuallySome { try? await chain.ownLines() }
    let last = try #require(own.last?.id)
    try await eventually("line \(last) at the Registry") {
      chain.registry.logs.allLines.last?.id ?? 0 >= last
    }
    let stored = chain.registry.logs.allLines.prefix { $0.id <= last }
    #expect(stored.map(\.id) == Array(1...last))
    #expect(stored.map(\.text) == own.map(\.text))
    #expect(chain.registry.logs.faults == [])
    #expect(chain.registry.logs.lost == 0)
    #expect(chain.registry.logs.names.count == 1)
    // Each start of the app counts from 1, without a gap.
    var number = 0
    for line in stored where line.source == "app" {
      let told = try #require(Int(line.text.dropFirst(5)))
      #expect(told == number + 1 || told == 1)
      number = told
    }
    #expect(stored.count { $0.text == "line 000001" } == 7)
    try await agent.stop()
    try await notifier.stop()
  }

  @Test func aCrashIsKeptOverKillsUntilTheRegistryHasIt() async throws {
    let chain = try await Chain()
    var agent = try chain.device.start()
    try await chain.harness.waitForReport { _ in true }
    let trapping = """
      (module
        (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
        (import "xtb1" "timer_start" (func $timer (param i64 i64) (result i32)))
        (import "xtb1" "health_confirm" (func $confirm (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "the last words")
        (func $boom (unreachable))
        (func (export "xtb_init") (result i32)
          (drop (call $timer (i64.const 1000000) (i64.const 0)))
          (drop (call $confirm))
          (i32.const 0))
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32)
          (drop (call $log (i32.const 1) (i32.const 0) (i32.const 14)))
          (call $boom)
          (i32.const 0)))
      """
    // With a build ID, as wasm-ld leaves one: section 0, its size, the name with its length, the ID with its length.
    let module = try await assemble(trapping, options: ["--debug-names"])
    let buildID: [UInt8] = [0, 14, 8] + Array("build_id".utf8) + [4, 0xDE, 0xAD, 0xBE, 0xEF]
    try await chain.deploy(module + buildID, as: 1)
    // Nobody takes it yet.
    let listed = try await eventuallySome("a crash that waits") {
      let (_, output) = try await DeviceProcess.command(["crashes"], environment: chain.device.environment)
      return output.contains("unreachable") ? output : nil
    }
    #expect(listed.contains("boom +"))
    agent.kill(SIGKILL)
    try await agent.waitForExit()
    agent = try chain.device.start()
    let json = try await eventuallySome {
      let (status, output) = try await DeviceProcess.command(
        ["crashes", "--json"], environment: chain.device.environment)
      return status == .exited(0) ? output : nil
    }
    let waiting = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
    let first = try #require(waiting.first)
    #expect(first["code"] as? String == "unreachable")
    #expect(first["buildID"] as? String == "deadbeef")
    #expect(first["status"] as? String == "confirmed")
    let id = try #require(first["id"] as? String)

    let notifier = try await chain.startNotifier()
    let stored = try await eventuallySome("the crash at the Registry") {
      chain.registry.crashes.first { $0.id.map { String(format: "%02x", $0) }.joined() == id }
    }
    #expect(stored.buildID == Data([0xDE, 0xAD, 0xBE, 0xEF]))
    #expect(stored.frames.first?.functionName == "boom")
    #expect(stored.frames.first?.moduleOffset ?? 0 > 0)
    #expect(stored.lastLines.contains { $0.text == "the last words" })
    // Sent again, it is the same. The app that runs again may have crashed again meanwhile.
    #expect(chain.registry.crashes.allSatisfy { $0 == stored || $0.id != stored.id })
    #expect(chain.registry.logs.faults == [])
    try await agent.stop()
    try await notifier.stop()
  }
}

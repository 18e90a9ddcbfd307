import DeviceBoard
import DeviceProtocol
import Foundation
import TestApps
import TestSupport
import Testing

@testable import Agent
@testable import AppLink

/// Pins and sensors between people, the agent and its apps.
@Suite(.seated, .timeLimit(.minutes(10))) struct AgentHardwareTests {
  @Test func peopleDriveWhatAnAppSees() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    try writeFile(device.directory + "/wave.csv", "0,1\n1,2\n")
    let process = try device.start()
    // The LED follows the button, and what the sensor reads is logged if it is 3.
    let wasm = try await assemble(
      eventApp(
        initialize: """
          (drop (call $gpio_open (i32.const 80) (i32.const 3) (i32.const 1)))
          (drop (call $gpio_watch (call $gpio_open (i32.const 88) (i32.const 6) (i32.const 0)) (i32.const 3)))
          (drop (call $sensor_open (i32.const 96) (i32.const 11)))
          (drop (call $timer_start (i64.const 1000000) (i64.const 10000000)))
          (drop (call $health_confirm)) (i32.const 0)
          """,
        event: """
          (if (i32.eq (local.get $kind) (i32.const 5)) (then
            (drop (call $gpio_set (i32.const 1) (i32.wrap_i64 (local.get $arg))))))
          (drop (call $sensor_read (i32.const 1) (i32.const 0) (i32.const 1000)))
          (if (i64.eq (i64.load (i32.const 1000)) (i64.const 3000000)) (then
            (if (i32.eqz (global.get $said)) (then (global.set $said (i32.const 1)) (call $hello)))))
          (i32.const 0)
          """, more: "(global $said (mut i32) (i32.const 0))"))
    let image = try TestImage(device: harness.device, version: 1, wasm: wasm)
    harness.offer(image.bytes, as: 1)
    try await harness.reconcile(image)
    try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }

    func run(_ arguments: [String]) async throws -> (status: ProcessEnding, output: String) {
      try await DeviceProcess.command(arguments, environment: device.environment)
    }
    let list = try await run(["pin", "list"])
    #expect(list.status == .exited(0))
    #expect(list.output.contains("led") && list.output.contains("output") && list.output.contains("simulated"))
    #expect(try await run(["pin", "get", "led"]).output == "0\n")
    #expect(try await run(["pin", "set", "button", "1"]).status == .exited(0))
    try await eventually { try await run(["pin", "get", "led"]).output == "1\n" }
    let json = try await run(["pin", "list", "--json"])
    let pins = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    #expect(pins.map { $0["level"] as? Int } == [1, 1])
    #expect(pins.map { $0["changes"] as? Int } == [1, 1])

    let wrong = try await run(["pin", "set", "absent", "1"])
    #expect(wrong.status == .exited(65) && wrong.output.contains("there are led, button"))
    #expect(try await run(["pin", "set", "button", "2"]).output.contains("0 or 1"))
    #expect(try await run(["pin", "get", "absent"]).status == .exited(1))

    #expect(try await run(["sensor", "list"]).output.contains("21.5"))
    #expect(try await run(["sensor", "set", "temperature", "3"]).status == .exited(0))
    try await eventually { try await run(["logs", "-n", "20"]).output.contains("v1 app hello") }
    let script = try await run(["sensor", "script", "temperature", device.directory + "/wave.csv", "--json"])
    #expect(script.status == .exited(0) && script.output.contains("waveform of 2 points"))
    #expect(try await run(["sensor", "script", "temperature", "/absent.csv"]).status == .exited(65))
    try writeFile(device.directory + "/bad.csv", "0,1\n1\n")
    let bad = try await run(["sensor", "script", "temperature", device.directory + "/bad.csv"])
    #expect(bad.status == .exited(65) && bad.output.contains("line 2"))
    #expect(try await run(["sensor", "set", "absent", "3"]).output.contains("there are temperature"))
    #expect(try await process.stop() == .exited(0))
  }

  @Test func anAppIsToldWhyItStarts() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      let app = try await eventuallySome("the app") { harness.launcher.app(1) }
      app.end(.watchdogMissed(timeout: .seconds(1)))
      try await eventually { harness.launcher.resetReasons == [.update, .watchdog] }
      harness.launcher.set(.trapsAfterStart, for: 2)
      try await harness.notify(try harness.offer(2))
      try await harness.waitForReport { $0.status == "rolled-back" }
    }
    // A new agent saw nothing of what was before.
    try await harness.withAgent { _ in
      try await eventually { harness.launcher.resetReasons.last == .power }
    }
    #expect(harness.launcher.resetReasons.contains(.update))
  }

  @Test func aPinThatAnAppSetKeepsItsLevel() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let app = try await eventuallySome("the app") { harness.launcher.app(1) }
      app.send(.pins([PinLevel(name: "led", level: 1, changes: 7)]))
      try await eventually { agent.board.pins().first?.changes == 7 }
      try await agent.setPin("button", to: 1)
      try await eventually { app.delivered.contains(.pin(name: "button", level: 1)) }
      app.end(.exited(code: 1))
      try await eventually { harness.launcher.launches.count == 2 }
      #expect(agent.board.pinGrants.map(\.source) == [.simulated(level: 1), .simulated(level: 1)])
    }
  }
}

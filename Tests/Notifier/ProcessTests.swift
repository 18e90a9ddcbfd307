import Foundation
import Foundations
import Messaging
import Mosquitto
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

/// The executable itself: killed at any moment, and asked by its admin commands.
@Suite(.seated, .timeLimit(.minutes(10))) struct ProcessTests {
  private struct Served {
    let endpoint: String
    let environment: [String: String]
    private let ports: [FreePort]

    init(_ broker: MosquittoServer, _ registry: RecordingRegistry) throws {
      ports = [try FreePort(), try FreePort()]
      endpoint = "tcp://127.0.0.1:\(ports[0].number)"
      environment = [
        "XTBLISH_INSECURE": "true", "XTBLISH_NOTIFIER_RPC_LISTEN": endpoint, "XTBLISH_NOTIFIER_ENDPOINTS": endpoint,
        "XTBLISH_NOTIFIER_OPERATIONS_LISTEN": "127.0.0.1:\(ports[1].number)", "XTBLISH_MQTT_HOST": broker.host,
        "XTBLISH_MQTT_PORT": "\(broker.port)", "XTBLISH_REGISTRY_ENDPOINTS": registry.endpoint,
      ]
    }

    func run(_ arguments: String..., more: [String: String] = [:]) throws -> ChildProcess {
      try ChildProcess(
        try product("xtblish-notifier"), arguments, environment: environment.merging(more) { $1 },
        inheritsEnvironment: false)
    }
  }

  @Test func nothingIsLostWhenItIsKilledAgainAndAgain() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let served = try Served(broker, registry)
    let client = try await deviceClient(broker, kept: "fleet")
    let target = DeviceID.random()
    try await client.subscribe(to: "/firmware/\(target)/#")
    let devices = (0..<30).map { _ in DeviceID.random() }
    for device in devices { try await client.subscribe(to: "/devices/\(device)/ack") }

    let killing = Task {
      for pause in [5, 20, 60, 120, 300] {
        let process = try served.run("serve")
        try await process.waitForLine(containing: "connected to the broker")
        // Sleeps: the moment of the kill is what varies.
        try await Task.sleep(for: .milliseconds(pause))
        process.kill(SIGKILL)
        try await process.waitForExit()
      }
      return try served.run("serve")
    }
    // The Registry's part: repeat what was not acknowledged.
    let notifying = Task {
      try await withRPCClient(endpoints: [served.endpoint], logger: silent) { rpc in
        var pending = Set(UInt64(1)...300)
        try await eventually("300 acknowledged notifications") {
          let batch = pending.sorted().prefix(10)
          var request = WireNotify()
          request.notifications = batch.map { notification(target, $0) }
          if let answer = try? await rpc.call(request, deadline: .seconds(2)) {
            for (version, outcome) in zip(batch, answer.outcomes) where outcome.acknowledged { pending.remove(version) }
          }
          return pending.isEmpty
        }
      }
    }
    // The devices' part: each repeats its report until it is acknowledged.
    var waiting = Set(devices)
    var versions: Set<String> = []
    let reporter = try await deviceClient(broker)
    let acknowledged = Task {
      for await message in client.messages {
        let levels = message.topic.split(separator: "/")
        if message.topic.hasSuffix("/ack"), let device = DeviceID(levels[1]) { waiting.remove(device) }
        if message.topic.hasPrefix("/firmware/") { versions.insert(message.topic) }
        if waiting.isEmpty, versions.count == 300 { break }
      }
      return (waiting, versions)
    }
    let repeating = Task {
      while !Task.isCancelled {
        for device in devices { _ = try? await report(reporter, device, sequence: 9) }
        // Sleeps: the time after which devices repeat a report.
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    let last = try await killing.value
    try await notifying.value
    let (missing, seen) = await acknowledged.value
    repeating.cancel()
    #expect(missing.isEmpty)
    #expect(seen == Set((1...300).map { "/firmware/\(target)/\($0)" }))
    let stored = Set(registry.reports.filter { $0.sequence == 9 }.map(\.deviceID))
    #expect(stored.isSuperset(of: devices.map { Data($0.bytes) }))

    // SIGTERM ends it orderly.
    #expect(try await last.stop() == .exited(0))
    await client.close()
    await reporter.close()
    await registry.stop()
  }

  @Test func adminCommandsTellPeopleAndScripts() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let served = try Served(broker, registry)

    let nobody = try served.run("status", "--timeout", "300ms")
    #expect(try await [.exited(69), .exited(75)].contains(nobody.waitForExit()))
    #expect(nobody.output.contains("XTBLISH_NOTIFIER_ENDPOINTS"), "\(nobody.output)")

    let process = try served.run("serve")
    try await process.waitForLine(containing: "connected to the broker")
    try await eventually("a ready status") {
      try await served.run("status").waitForExit() == .exited(0)
    }
    let status = try served.run("status", "--json")
    try await status.waitForExit()
    let replicas = try #require(
      try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [[String: Any]])
    #expect(replicas.first?["service"] as? String == "notifier")

    let device = "10000000-0000-4000-8000-000000000001"
    let resend = try served.run("resend", device)
    #expect(try await resend.waitForExit() == .exited(0))
    #expect(resend.output == "Version 1 will be notified to \(device) again.\n")
    let unknown = try served.run("resend", "\(registry.makeStranger())")
    #expect(try await unknown.waitForExit() == .exited(65))
    #expect(unknown.output.contains("unknown-device"))
    let wrong = try served.run("resend", "x")
    // No UUID: a name, for which it asks a Registry that knows none.
    #expect(try await wrong.waitForExit() != .exited(0))

    await registry.stop()
    try await eventually("an unready status") {
      try await served.run("status").waitForExit() == .exited(69)
    }
    #expect(try await process.stop() == .exited(0))
  }

  @Test func aProbeNeedsNoKeysAndIsToldWhichCheckFails() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let served = try Served(broker, registry)
    let early = try served.run("healthcheck")
    #expect(try await early.waitForExit() == .exited(69))
    #expect(early.output.hasPrefix("error: the notifier does not answer at 127.0.0.1:"), "\(early.output)")

    let process = try served.run("serve")
    try await process.waitForLine(containing: "connected to the broker")
    // Keys of the bus would be missing.
    let secure = ["XTBLISH_INSECURE": "false"]
    try await eventually("it is ready") {
      try await served.run("healthcheck", more: secure).waitForExit() == .exited(0)
    }
    let ready = try served.run("healthcheck", more: secure)
    #expect(try await ready.waitForExit() == .exited(0))
    #expect(ready.output == "the notifier is ready\n")

    await registry.stop()
    try await eventually("it is not ready") {
      try await served.run("healthcheck").waitForExit() == .exited(69)
    }
    let unready = try served.run("healthcheck")
    #expect(try await unready.waitForExit() == .exited(69))
    #expect(unready.output.hasPrefix("error: the notifier is not ready: registry"), "\(unready.output)")
    #expect(unready.output.split(separator: "\n").count == 1)
    let alive = try served.run("healthcheck", "--live")
    #expect(try await alive.waitForExit() == .exited(0))
    #expect(alive.output == "the notifier is alive\n")
    #expect(try await process.stop() == .exited(0))
  }

  @Test func aWrongConfigurationIsToldBeforeItStarts() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry(started: false))
    let served = try Served(broker, registry)
    let good = try served.run("check-config", "--json")
    #expect(try await good.waitForExit() == .exited(0), "\(good.output)")
    for (name, value) in [
      ("XTBLISH_MQTT_PORT", "70000"), ("XTBLISH_IMAGE_STORE_URLS", "ftp://x"), ("XTBLISH_MQTT_PASSWORD", "alone"),
    ] {
      for command in ["check-config", "serve"] {
        let process = try served.run(command, more: [name: value])
        #expect(try await process.waitForExit() == .exited(78), "\(command) \(name): \(process.output)")
        #expect(process.output.contains(name))
        #expect(!process.output.contains("alone"))
      }
    }
    let trusting = try served.run("serve", more: ["XTBLISH_INSECURE": "false"])
    #expect(try await trusting.waitForExit() == .exited(78), "\(trusting.output)")
    #expect(trusting.output.contains("xtblish-notifier bus-key create"), "\(trusting.output)")
    let folder = try TemporaryFolder("xtblish-notifier")
    let keys = (file: folder.path("one.bus-key"), peers: folder.path("peers"))
    let made = try served.run(
      "bus-key", "create", "--role", "notifier", "--name", "one", "--key-file", keys.file, "--peers-directory",
      keys.peers)
    #expect(try await made.waitForExit() == .exited(0), "\(made.output)")
    let keyed = try served.run(
      "serve",
      more: [
        "XTBLISH_INSECURE": "false", "XTBLISH_BUS_KEY_FILE": keys.file, "XTBLISH_BUS_PEERS_DIRECTORY": keys.peers,
      ])
    #expect(try await keyed.waitForExit() == .exited(78), "\(keyed.output)")
    #expect(keyed.output.contains("xtblish-provisioner certificate issue"), "\(keyed.output)")
    let version = try served.run("--version")
    #expect(try await version.waitForExit() == .exited(0))
    #expect(version.output.hasPrefix("xtblish-notifier "))
  }
}

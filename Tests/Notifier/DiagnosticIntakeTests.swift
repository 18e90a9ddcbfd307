import Foundation
import Foundations
import Mosquitto
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

/// Log lines and crash reports from the broker to the Registry, and the answers back.
@Suite(.seated, .timeLimit(.minutes(10))) struct DiagnosticIntakeTests {
  private static let log = DiagnosticPayloadTests.log

  private struct Stage {
    let broker: MosquittoServer
    let registry: RecordingRegistry
    let replica: Replica
    let client: MQTTClient
    let device = DeviceID.random()

    init(_ more: [String: String] = [:]) async throws {
      (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
      replica = try await Replica.start(broker: broker, registry: registry, more)
      client = try await deviceClient(broker)
      let client = client
      // Until the shared subscriptions are there, nobody is told.
      for topic in ["log", "crash", "state"] {
        try await eventually("a subscription to \(topic)") {
          try await client.publish(topic: "/devices/\(DeviceID.random())/\(topic)", payload: [0]) == .success
        }
      }
    }

    func log(_ ids: ClosedRange<Int>, of device: DeviceID? = nil, textBytes: Int = 5) async throws {
      let text = "\"" + String(repeating: "x", count: textBytes) + "\""
      let lines = ids.map { DiagnosticPayloadTests.line(id: "\($0)", text: text) }
      try await client.publish(
        topic: "/devices/\(device ?? self.device)/log", payload: Array(DiagnosticPayloadTests.batch(lines).utf8))
    }

    func crash(_ id: String = DiagnosticPayloadTests.crashID, of device: DeviceID? = nil) async throws {
      try await client.publish(
        topic: "/devices/\(device ?? self.device)/crash",
        payload: Array(DiagnosticPayloadTests.crash(id: "\"\(id)\"").utf8))
    }

    func end() async throws {
      await client.close()
      try await replica.stop()
      await registry.stop()
    }
  }

  @Test func linesAreStoredAndThenAcknowledged() async throws {
    let stage = try await Stage()
    try await stage.client.subscribe(to: "/devices/\(stage.device)/ack")
    try await stage.log(1...3)
    var iterator = stage.client.messages.makeAsyncIterator()
    let first = try #require(await iterator.next())
    #expect(String(decoding: first.payload, as: UTF8.self) == #"{"log":{"log":"\#(Self.log)","through":3}}"#)
    #expect(stage.registry.logs.lines(of: stage.device, log: Self.log).map(\.id) == [1, 2, 3])
    // A repeat is answered again: the first answer may have been lost.
    try await stage.log(1...3)
    #expect(try #require(await iterator.next()).payload == first.payload)
    #expect(stage.registry.logs.lines(of: stage.device, log: Self.log).count == 3)
    try await stage.end()
  }

  @Test func crashesAreStoredAndThenAcknowledged() async throws {
    let stage = try await Stage()
    try await stage.client.subscribe(to: "/devices/\(stage.device)/ack")
    try await stage.crash()
    var iterator = stage.client.messages.makeAsyncIterator()
    let answer = try #require(await iterator.next())
    #expect(String(decoding: answer.payload, as: UTF8.self) == #"{"crashes":["\#(DiagnosticPayloadTests.crashID)"]}"#)
    #expect(stage.registry.crashes.map(\.code) == ["unreachable"])
    // What is not settled is not acknowledged.
    stage.registry.settleCrashes(false)
    try await stage.crash(String(repeating: "aa", count: 16))
    try await eventually { stage.registry.crashes.count == 2 }
    stage.registry.settleCrashes(true)
    stage.registry.refuseDiagnostics("unknown-device")
    try await stage.crash(String(repeating: "bb", count: 16))
    let next = try #require(await iterator.next())
    #expect(String(decoding: next.payload, as: UTF8.self).contains("bbbb"))
    try await stage.end()
  }

  @Test func whatIsRefusedForGoodIsAcknowledgedToo() async throws {
    let stage = try await Stage()
    try await stage.client.subscribe(to: "/devices/\(stage.device)/ack")
    stage.registry.refuseDiagnostics("unknown-device")
    try await stage.log(4...9)
    var iterator = stage.client.messages.makeAsyncIterator()
    let answer = try #require(await iterator.next())
    #expect(String(decoding: answer.payload, as: UTF8.self).contains(#""through":9"#))
    try await stage.end()
  }

  @Test func nothingIsAcknowledgedWhileTheRegistryIsAway() async throws {
    let stage = try await Stage()
    await stage.registry.stop()
    try await stage.client.subscribe(to: "/devices/+/ack")
    let devices = (0..<50).map { _ in DeviceID.random() }
    for device in devices {
      try await stage.log(1...3, of: device)
      try await stage.crash(of: device)
    }
    try await eventually {
      let figures = try await stage.replica.call(WireGetStatus()).figures
      return figures["logs.received"] ?? 0 >= 50 && figures["crashes.received"] ?? 0 >= 50
    }
    #expect(stage.client.waitingMessages == 0)
    try await stage.registry.start()
    var answered = (logs: Set<String>(), crashes: Set<String>())
    for await message in stage.client.messages {
      let text = String(decoding: message.payload, as: UTF8.self)
      if text.contains("through") {
        answered.logs.insert(message.topic)
      } else {
        answered.crashes.insert(message.topic)
      }
      if answered.logs.count == 50, answered.crashes.count == 50 { break }
    }
    for device in devices { #expect(stage.registry.logs.lines(of: device, log: Self.log).count == 3) }
    #expect(Set(stage.registry.crashes.map(\.deviceID)).count == 50)
    try await stage.end()
  }

  @Test func logsThatAreStuckHoldUpNoReport() async throws {
    let stage = try await Stage(["XTBLISH_NOTIFIER_DIAGNOSTICS_BYTES": "1MiB"])
    stage.registry.failDiagnostics(WireFailure(.overloaded, reason: "busy", message: "busy"))
    // Far more than is held: the rest is dropped, for devices to repeat.
    for _ in 0..<60 { try await stage.log(1...100, of: .random(), textBytes: 500) }
    try await eventually("dropped batches") {
      try await stage.replica.call(WireGetStatus()).figures["logs.dropped"] ?? 0 > 20
    }
    for sequence in 1...20 { _ = try await report(stage.client, stage.device, sequence: sequence) }
    try await eventually("the newest report") {
      stage.registry.reports.contains { $0.deviceID == Data(stage.device.bytes) && $0.sequence == 20 }
    }
    #expect(stage.registry.logBatches.isEmpty)
    let figures = try await stage.replica.call(WireGetStatus()).figures
    #expect(figures["logs.waiting"] ?? 99 <= 20)
    stage.registry.failDiagnostics(nil)
    try await stage.log(1...3)
    try await eventually("the lines after the jam") {
      _ = try await stage.log(1...3)
      return !stage.registry.logs.lines(of: stage.device, log: Self.log).isEmpty
    }
    try await stage.end()
  }

  @Test func oneBatchThatTheRegistryCannotReadSpoilsNoOther() async throws {
    let stage = try await Stage()
    let devices = (0..<30).map { _ in DeviceID.random() }
    stage.registry.failDiagnostics(WireFailure(.unavailable, reason: "away", message: "away"))
    stage.registry.refuseBatches(with: devices[11])
    for device in devices { try await stage.log(1...2, of: device) }
    stage.registry.failDiagnostics(nil)
    try await eventually("29 devices' lines") {
      devices.count { !stage.registry.logs.lines(of: $0, log: Self.log).isEmpty } == 29
    }
    #expect(stage.registry.logs.lines(of: devices[11], log: Self.log).isEmpty)
    try await stage.end()
  }

  @Test func hostileMessagesAreCountedAndHarmless() async throws {
    let stage = try await Stage()
    // The stage's own three.
    try await eventually("three rejections") {
      try await stage.replica.call(WireGetStatus()).figures["reports.rejected"] == 3
    }
    var sent = 3
    for (topic, table) in [
      ("log", DiagnosticPayloadTests.hostileLogs), ("crash", DiagnosticPayloadTests.hostileCrashes),
    ] {
      for (_, payload, _) in table {
        // The broker keeps larger ones back.
        try await stage.client.publish(
          topic: "/devices/\(stage.device)/\(topic)", payload: Array(payload.prefix(200_000)))
        sent += 1
      }
      try await stage.client.publish(topic: "/devices/nobody/\(topic)", payload: [])
      sent += 1
    }
    try await stage.log(1...1)
    try await stage.crash()
    try await eventually("the good ones") {
      !stage.registry.logs.lines(of: stage.device, log: Self.log).isEmpty && !stage.registry.crashes.isEmpty
    }
    #expect(try await stage.replica.call(WireGetStatus()).figures["reports.rejected"] == Double(sent))
    #expect(try await stage.replica.call(WireGetStatus()).ready)
    try await stage.end()
  }
}

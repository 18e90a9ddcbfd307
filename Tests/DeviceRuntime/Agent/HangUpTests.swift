import AppLink
import DeviceProtocol
import Foundation
import Logging
import Mosquitto
import Synchronization
import TestSupport
import Testing

@testable import Agent
@testable import DeviceStorage
@testable import Foundations

/// A broker that ends the connection for one kind of packet, and does not say why: that packet is set aside, and
/// everything else gets out.
@Suite(.seated, .timeLimit(.minutes(10))) struct HangUpTests {
  private static var configuration: AgentConfiguration {
    var configuration = AgentHarness.configuration()
    configuration.longestReconnectPause = .seconds(1)
    return configuration
  }

  private func lines(_ agent: DeviceAgent) async -> [String] {
    await agent.log.read(after: 0, count: 1000).lines.map(\.text)
  }

  private func waitForLine(_ agent: DeviceAgent, containing text: String) async throws {
    try await eventually("a line with: \(text)") {
      await lines(agent).contains { $0.contains(text) }
    }
  }

  /// An app's message gets out.
  private func checkThatOthersGetOut(_ harness: AgentHarness, _ version: UInt64, _ id: UInt64) async throws {
    let app = try await eventuallySome { harness.launcher.app(version) }
    app.send(.publish(id: id, topic: "others-\(id)", payload: [1], qos: 1))
    try await eventually("the app's message \(id)") {
      harness.appMessages.contains { $0.topic.hasSuffix("/others-\(id)") }
    }
  }

  @Test func aSubscriptionOfAnAppIsSetAside() async throws {
    let harness = try await AgentHarness()
    let link = try HangingUpLink(to: harness.broker.port) { $0.filters.contains { $0.hasSuffix("/bad") } }
    try await harness.withAgent(Self.configuration, brokerPort: link.port) { agent in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      app.send(.subscribe(handle: 1, filter: "bad"))
      app.send(.subscribe(handle: 2, filter: "good"))
      try await eventually("both were answered: \(app.delivered)") { app.subscribed.count == 2 }
      #expect(app.subscribed == [1: 0x80, 2: 1])
      try await waitForLine(agent, containing: "a subscription of the app is given up")
      // The device hears and says what it should.
      try await harness.deploy(2)
    }
  }

  /// It was granted, and at some moment the broker does not have it any more.
  @Test func aSubscriptionThatWasGrantedIsSetAsideToo() async throws {
    let harness = try await AgentHarness()
    let hangsUp = Mutex(false)
    let link = try HangingUpLink(to: harness.broker.port) { packet in
      hangsUp.withLock { $0 } && packet.filters.contains { $0.hasSuffix("/later") }
    }
    try await harness.withAgent(Self.configuration, brokerPort: link.port) { _ in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      app.send(.subscribe(handle: 1, filter: "later"))
      app.send(.subscribe(handle: 2, filter: "good"))
      try await eventually { app.subscribed.count == 2 }
      #expect(app.subscribed == [1: 1, 2: 1])
      hangsUp.withLock { $0 = true }
      link.cutNow()
      try await harness.send("cut", to: "/apps/\(harness.device)/good")
      try await eventually("the app is told") { app.subscribed[1] == 0x80 }
      // What the broker still has goes on over the new connections.
      try await eventually("a message to the app") {
        try await harness.send("x", to: "/apps/\(harness.device)/good")
        return app.delivered.contains { if case .message([2], "good", _) = $0 { true } else { false } }
      }
      try await harness.deploy(2)
    }
  }

  /// An app that says the like every second would cost a connection each time.
  @Test func aMessageThatNobodyAcknowledgesIsSetAsideToo() async throws {
    let harness = try await AgentHarness()
    let link = try HangingUpLink(to: harness.broker.port) { $0.topic.hasSuffix("/bad") }
    try await harness.withAgent(Self.configuration, brokerPort: link.port) { agent in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      let count = Mutex<UInt64>(0)
      try await eventually("the message is given up") {
        let id = count.withLock { count in
          count += 1
          return count
        }
        app.send(.publish(id: id, topic: "bad", payload: [1], qos: 0))
        try await eventually("the answer to message \(id)") { app.published[id] != nil }
        return await lines(agent).contains { $0.contains("a message of the app is given up") }
      }
      let cuts = link.cuts
      try await checkThatOthersGetOut(harness, 1, 10_001)
      app.send(.publish(id: 10_002, topic: "bad", payload: [1], qos: 0))
      try await eventually { app.published[10_002].map { $0 >= 0x80 } == true }
      try await checkThatOthersGetOut(harness, 1, 10_003)
      #expect(link.cuts == cuts)
    }
  }

  /// A long reason makes the report larger than this broker takes, which does not say so.
  @Test func aReportIsMadeShorter() async throws {
    let harness = try await AgentHarness()
    let link = try HangingUpLink(to: harness.broker.port) { $0.topic.hasSuffix("/state") && $0.length > 620 }
    let image = try harness.offer(2)
    let path = String(repeating: "x", count: 350)
    try await harness.withAgent(Self.configuration, brokerPort: link.port) { _ in
      try await harness.deploy(1)
      harness.store.handle { _, connection in connection.respond(302, headers: ["Location: http://localhost:1/\(path)"])
      }
      try await harness.notify(image)
      let report = try await harness.waitForReport { $0.waiting?.version == 2 }
      #expect(report.waiting?.reason.utf8.count ?? 1000 <= 64)
      harness.store.handle { request, connection in AgentHarness.serve(image.bytes, request, connection) }
      try await harness.waitForReport { $0.version == 2 && $0.status == "confirmed" }
    }
    #expect(link.cuts >= 2)
  }

  @Test(arguments: ["/state", "/presence", "/log"]) func whatIsSaidOnATopicIsHeldBack(_ topic: String) async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in try await harness.deploy(1) }
    let link = try HangingUpLink(to: harness.broker.port) { $0.topic.hasSuffix(topic) }
    try await harness.withAgent(Self.configuration, awaitsReport: topic != "/state", brokerPort: link.port) { agent in
      try await checkThatOthersGetOut(harness, 1, 1)
      let line =
        switch topic {
        case "/state": "for the report of what runs"
        case "/presence": "when the device says that it is there"
        default: "they are not sent"
        }
      try await waitForLine(agent, containing: line)
      try await checkThatOthersGetOut(harness, 1, 2)
      if topic == "/state" { link.endHangingUp() }
      // The device takes new versions all the while.
      let image = try harness.offer(2)
      try await harness.notify(image)
      try await eventually("version 2 runs") { harness.launcher.running == [2] }
      try await eventually("the report of it") {
        harness.reports.contains { $0.version == 2 && $0.status == "confirmed" }
      }
    }
  }

  /// What the broker does not have of its own subscriptions keeps nothing from getting out, and is said.
  @Test func theOwnSubscriptionsAreAskedForAfterTheReport() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in try await harness.deploy(1) }
    try await harness.forgetSubscriptions()
    let link = try HangingUpLink(to: harness.broker.port) { $0.filters.contains { $0.hasPrefix("/firmware/") } }
    let last = harness.reports.map(\.sequence).max() ?? 0
    try await harness.withAgent(Self.configuration, awaitsReport: false, brokerPort: link.port) { _ in
      let report = try await harness.waitForReport(after: last) { $0.waiting != nil }
      #expect(report.waiting?.reason.contains("the broker ends the connection") == true)
      try await checkThatOthersGetOut(harness, 1, 1)
      link.endHangingUp()
      try await eventually("the device hears") {
        harness.reports.last.map { $0.waiting == nil } == true
      }
      try await harness.deploy(2)
    }
  }

  /// Something on the way can't bear one line: it stays behind, and those after it arrive.
  @Test func oneLineIsSetAside() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    let link = try HangingUpLink(to: harness.broker.port) { packet in
      packet.topic.hasSuffix("/log") && packet.contains("poison")
    }
    try await harness.withAgent(Self.configuration, brokerPort: link.port) { agent in
      try await harness.deploy(1)
      await agent.note(.info, "poison")
      for number in 1...5 { await agent.note(.info, "after \(number)") }
      try await eventually("the lines behind it") {
        played.lines.contains { $0.text == "after 5" }
      }
      #expect(!played.lines.contains { $0.text == "poison" })
      // The server is told that it lacks something.
      #expect(played.batches.contains { $0.lost ?? 0 > 0 })
    }
  }

  @Test func aCrashReportIsMadeSmallerUntilItFits() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    let link = try HangingUpLink(to: harness.broker.port) { $0.topic.hasSuffix("/crash") && $0.length > 1500 }
    try await harness.withAgent(Self.configuration, brokerPort: link.port) { agent in
      try await harness.deploy(1)
      for number in 1...40 { await agent.note(.info, "\(number) " + String(repeating: "x", count: 1000), 1) }
      try #require(harness.launcher.app(1)).trap()
      let report = try await eventuallySome("the crash report") { played.crashes.first }
      #expect(report.code == "unreachable")
      try await eventually { await agent.crashes.waiting.isEmpty }
    }
  }
}

/// One MQTT packet of a client, as far as it is all there.
struct ClientPacket: Sendable {
  /// The upper half of its first byte (MQTT 5, section 2.1.2).
  var type: UInt8
  var body: [UInt8]

  /// Of all of it but its fixed header.
  var length: Int { body.count }

  /// Of a PUBLISH, else empty.
  var topic: String { type == 0x30 ? text(at: 0) : "" }

  /// Of a SUBSCRIBE without properties, else none.
  var filters: [String] {
    guard type == 0x80, body.count > 2 else { return [] }
    var filters: [String] = []
    var offset = 3 + Int(body[2])
    while offset + 2 < body.count {
      let filter = text(at: offset)
      filters.append(filter)
      offset += 2 + filter.utf8.count + 1
    }
    return filters
  }

  func contains(_ text: String) -> Bool { String(decoding: body, as: UTF8.self).contains(text) }

  private func text(at offset: Int) -> String {
    guard offset + 2 <= body.count else { return "" }
    let size = Int(body[offset]) << 8 | Int(body[offset + 1])
    return String(decoding: body.dropFirst(offset + 2).prefix(size), as: UTF8.self)
  }
}

/// A link to a broker that breaks before a packet that a test names.
private final class HangingUpLink: Sendable {
  private let proxy: CuttingProxy
  private let cut: Shared<Bool>

  /// Shared with the proxy's threads, which may outlive this.
  private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
  }

  init(to port: Int, hangsUp: @escaping @Sendable (ClientPacket) -> Bool) throws {
    let cut = Shared(false)
    let streams = Shared<[Int: [UInt8]]>([:])
    self.cut = cut
    proxy = try CuttingProxy(to: port) { piece in
      if cut.value.withLock({ isWanted in Self.take(&isWanted) }) { return false }
      guard piece.direction == .toServer else { return true }
      return !streams.value.withLock { streams in
        var rest = (streams[piece.connection] ?? []) + piece.bytes
        defer { streams[piece.connection] = rest }
        var isBad = false
        while let packet = Self.next(&rest) { isBad = isBad || hangsUp(packet) }
        return isBad
      }
    }
  }

  var port: Int { proxy.port }
  var cuts: Int { proxy.cuts }

  /// With the next bytes.
  func cutNow() { cut.value.withLock { $0 = true } }

  func endHangingUp() { proxy.set { _ in true } }

  private static func take(_ isWanted: inout Bool) -> Bool {
    defer { isWanted = false }
    return isWanted
  }

  private static func next(_ bytes: inout [UInt8]) -> ClientPacket? {
    guard bytes.count >= 2 else { return nil }
    var length = 0
    var size = 1
    repeat {
      guard size < bytes.count else { return nil }
      length |= Int(bytes[size] & 0x7F) << (7 * (size - 1))
      size += 1
    } while bytes[size - 1] & 0x80 != 0
    guard bytes.count >= size + length else { return nil }
    defer { bytes.removeFirst(size + length) }
    return ClientPacket(type: bytes[0] & 0xF0, body: Array(bytes[size..<size + length]))
  }
}

extension FakeApp {
  /// What it was told last of its subscriptions, by their handles.
  fileprivate var subscribed: [UInt32: UInt8] {
    delivered.reduce(into: [:]) { codes, delivery in
      if case .subscribed(let handle, let code) = delivery { codes[handle] = code }
    }
  }
}

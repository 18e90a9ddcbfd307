import AppLink
import DeviceProtocol
import FirmwareImage
import Foundation
import Mosquitto
import Synchronization
import TestSupport
import Testing

@testable import Agent
@testable import DeviceStorage
@testable import Foundations
@testable import UpdateCore

/// A bad moment passes, and the device hears, takes and says what it should afterwards.
@Suite(.seated, .timeLimit(.minutes(10))) struct DeafDeviceTests {
  /// The type of an MQTT packet, in the upper half of its first byte (MQTT 5, section 2.1.2).
  private static let subscribe: UInt8 = 0x80

  private static func type(of bytes: [UInt8]) -> UInt8 { (bytes.first ?? 0) & 0xF0 }

  /// The broker has the session, and nobody in it was subscribed to anything.
  @Test func aLinkThatDiesBeforeTheSubscriptionLeavesNobodyDeaf() async throws {
    let harness = try await AgentHarness()
    let link = try CuttingProxy(to: harness.broker.port) { piece in
      piece.connection > 2 || piece.direction == .toClient || Self.type(of: piece.bytes) != Self.subscribe
    }
    try await harness.withAgent(brokerPort: link.port) { _ in
      try await harness.deploy(1)
    }
    #expect(link.cuts == 2 && harness.broker.log.contains("SUBSCRIBE"))
  }

  /// The broker subscribed it, and the answer never came.
  @Test func aLinkThatDiesBeforeTheAnswerLeavesNobodyDeaf() async throws {
    let harness = try await AgentHarness()
    let link = try CuttingProxy(to: harness.broker.port) { piece in
      // Up to CONNACK of the first two, which is shorter than this.
      piece.connection > 2 || piece.direction == .toServer || piece.passed == 0
    }
    try await harness.withAgent(brokerPort: link.port) { _ in
      try await harness.deploy(1)
    }
    #expect(link.cuts == 2)
  }

  /// A session that the broker kept from a time when nobody subscribed to this.
  @Test func aKeptSessionWithoutASubscriptionIsMended() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in try await harness.deploy(1) }
    try await harness.forgetSubscriptions()
    try await harness.withAgent { _ in try await harness.deploy(2) }
  }

  /// Whoever speaks for the Notifier can't end updates: nothing that no signature binds is remembered.
  @Test func unsignedWordsAreForgotten() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let process = try device.start()
    try await device.deploy(1)
    try await device.deploy(2)
    let before = try await device.slots()
    let image = try await device.image(3)
    for (version, size) in [
      (UInt64(Int64.max), UInt64(1000)), (UInt64(Int64.max) - 1, UInt64(Int64.max)), (3, 9_000_000_000),
    ] {
      var absurd = image
      absurd.version = version
      try await device.announce(absurd, size: size, retain: false)
    }
    try await process.waitForLine(containing: "has to wait")
    // The version before the kept one is still there to go back to.
    #expect(try await device.slots() == before)
    try await process.stop()
    let again = try device.start()
    try await device.deploy(3)
    try await device.deploy(4)
    #expect(again.isRunning && device.allReports.allSatisfy { $0.failed == nil })
  }

  /// The image store that the enrolment named has no such version, and nobody answers where it is said to be: what the
  /// device waits for is not named for ever.
  @Test func whatOnlyANotificationKnowsOfIsDropped() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      let image = try TestImage(device: harness.device, version: UInt64(Int64.max), size: 1000)
      let text = image.notification(url: "http://127.0.0.1:1/firmware")
      try await harness.send(text, version: "\(image.version)")
      let report = try await harness.waitForReport { $0.waiting?.version == image.version }
      try await harness.waitForReport(after: report.sequence) { $0.waiting == nil }
      try await harness.deploy(2)
    }
  }

  /// Somebody on the way answers every request for a part with 416; and the link breaks in the middle of the whole.
  @Test func aServerWithoutRangesGivesTheWhole() async throws {
    let harness = try await AgentHarness()
    let image = try TestImage(device: harness.device, version: 1, size: 2_000_000)
    harness.store.handle { request, connection in
      if request.headers["range"] != nil { return connection.respond(416) }
      connection.respond(200, headers: ["ETag: \"strong\""], body: image.bytes)
    }
    let link = try CuttingProxy(to: harness.store.port) {
      $0.direction == .toServer || $0.connection > 4 || $0.passed < 150_000
    }
    try await harness.withAgent { _ in
      try await harness.send(image.notification(url: "http://127.0.0.1:\(link.port)/i"), version: "1")
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
    #expect(link.cuts > 0)
  }

  /// A description of a download that can't be read describes nothing.
  @Test func aDamagedDescriptionOfADownloadStopsNothing() async throws {
    let harness = try await AgentHarness()
    let flash = try DirectoryFlash(directory: harness.folder.path("flash"))
    for slot in Slot.allCases {
      let bytes = [UInt8](repeating: 0x7B, count: 40_000)
      try flash.write(bytes.span.bytes, to: SlotFiles(slot).downloadDescription, at: 0)
    }
    try await harness.withAgent { _ in try await harness.deploy(1) }
  }

  /// Ten seconds of somebody else in the image store's place, as a signed device sees them: wrong bodies in every way.
  ///
  /// Three ways at a time, because the pauses between tries grow.
  @Test(arguments: [0..<3, 3..<6]) func wrongBodiesDoNotCountAgainstAVersion(ways: Range<Int>) async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let process = try device.start()
    try await device.deploy(1)
    let image = try await device.image(2)
    var changed = image
    // The head is the signed one; what follows is not what it says.
    changed.bytes[changed.bytes.count - 1] ^= 1
    let all: [(headers: [String], body: [UInt8])] = [
      ([], Array("<html>maintenance</html>".utf8)), (["Content-Encoding: gzip"], image.bytes), ([], changed.bytes),
      ([], Array(image.bytes.prefix(700))), ([], image.bytes + [0]), ([], []),
    ]
    let bodies = Array(all[ways])
    let count = Mutex(0)
    device.answer { _, connection in
      let (headers, body) = count.withLock { count in
        defer { count += 1 }
        return bodies[count % bodies.count]
      }
      connection.respond(200, headers: headers, body: body)
    }
    try await device.push(image)
    try await eventually("each body") { count.withLock { $0 } >= bodies.count }
    #expect(device.allReports.allSatisfy { $0.failed == nil })
    #expect(device.allReports.contains { $0.waiting?.version == 2 })
    device.answerAsItShould()
    try await device.waitForReport { $0.version == 2 && $0.status == "confirmed" }
    #expect(process.isRunning && device.allReports.allSatisfy { $0.failed == nil })
  }

  /// A broker that says nothing of its limits ends every connection on which more than 20,000 bytes come in one message.
  @Test func aMessageThatTheBrokerHangsUpOnIsSetAside() async throws {
    let harness = try await AgentHarness()
    let lengths = Mutex<[Int: MQTTLengths]>([:])
    let link = try CuttingProxy(to: harness.broker.port) { piece in
      piece.direction == .toClient
        || lengths.withLock { $0[piece.connection, default: MQTTLengths()].longest(in: piece.bytes) } <= 20_000
    }
    try await harness.withAgent(brokerPort: link.port) { agent in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      app.send(.publish(id: 1, topic: "big", payload: [UInt8](repeating: 1, count: 60_000), qos: 1))
      app.send(.publish(id: 2, topic: "small", payload: [2], qos: 1))
      try await eventually("both were answered: \(app.delivered)") { app.published.count == 2 }
      #expect(app.published[1].map { $0 >= 0x80 } == true && app.published[2].map { $0 < 0x80 } == true)
      try await eventually { harness.appMessages.contains { $0.topic.hasSuffix("small") } }
      #expect(!harness.appMessages.contains { $0.topic.hasSuffix("big") })
      try await eventually {
        await agent.log.read(after: 0, count: 100).lines.contains { $0.text.contains("message of the app is given up") }
      }
      // The next of the kind costs no connection.
      let cuts = link.cuts
      app.send(.publish(id: 3, topic: "big", payload: [UInt8](repeating: 1, count: 60_000), qos: 1))
      try await eventually { app.published[3].map { $0 >= 0x80 } == true }
      #expect(link.cuts == cuts)
      // What the device says of itself gets out all the while and afterwards.
      try await harness.deploy(2)
    }
  }

  /// One that says so is not even asked.
  @Test func aMessageLargerThanTheBrokerTakesFailsAtOnce() async throws {
    let harness = try await AgentHarness(broker: "max_packet_size 5000")
    let link = try CuttingProxy(to: harness.broker.port)
    try await harness.withAgent(brokerPort: link.port) { agent in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      app.send(.publish(id: 1, topic: "big", payload: [UInt8](repeating: 1, count: 6_000), qos: 1))
      app.send(.publish(id: 2, topic: "small", payload: [2], qos: 1))
      try await eventually { app.published.count == 2 }
      #expect(app.published == [1: 0x95, 2: 0])
      try await eventually {
        await agent.log.read(after: 0, count: 100).lines.contains { $0.text.contains("the broker takes at most") }
      }
      #expect(link.connections == 1)
    }
  }

  /// Whatever tag the server has, or none: digest and size are known, so that what came is not fetched again.
  @Test(arguments: ["W/\"weak\"", "\"strong\"", ""]) func aLargeImageArrivesOverALinkThatBreaks(_ tag: String)
    async throws
  {
    let harness = try await AgentHarness()
    let image = try TestImage(device: harness.device, version: 1, size: 2_000_000)
    harness.store.handle { request, connection in
      let range = request.headers["range"]?.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
      let first = range?.first ?? 0
      let last = range.flatMap { $0.count > 1 ? $0[1] : nil } ?? image.bytes.count - 1
      let tags = tag.isEmpty ? [] : ["ETag: \(tag)"]
      if range == nil {
        connection.respond(200, headers: tags, body: image.bytes)
      } else {
        connection.respond(
          206, headers: tags + ["Content-Range: bytes \(first)-\(last)/\(image.bytes.count)"],
          body: Array(image.bytes[first...last]))
      }
    }
    let link = try CuttingProxy(to: harness.store.port) { $0.direction == .toServer || $0.passed < 150_000 }
    try await harness.withAgent { _ in
      try await harness.send(image.notification(url: "http://127.0.0.1:\(link.port)/i"), version: "1")
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
    // Not much more than once over the link.
    #expect(link.connections < 40)
  }

  @Test func aRedirectIsFollowedToTheSameHostAndToThoseNamed() async throws {
    let harness = try await AgentHarness()
    var configuration = AgentHarness.configuration()
    configuration.redirectHosts = ["LOCALHOST"]
    let image = try harness.offer(1)
    let (path, port) = (harness.path(1), harness.store.port)
    harness.store.handle { request, connection in
      switch request.path {
      case path: connection.respond(307, headers: ["Location: /elsewhere"])
      case "/elsewhere": connection.respond(302, headers: ["Location: http://localhost:\(port)/there"])
      case "/there": AgentHarness.serve(image.bytes, request, connection)
      default: connection.respond(404)
      }
    }
    try await harness.withAgent(configuration) { _ in
      try await harness.notify(image)
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
  }

  @Test(arguments: ["http://localhost:1/x", "ftp://127.0.0.1/x", "loop"]) func anotherRedirectIsNotFollowed(
    _ location: String
  ) async throws {
    let harness = try await AgentHarness()
    let image = try harness.offer(1)
    harness.store.handle { _, connection in
      connection.respond(302, headers: ["Location: \(location == "loop" ? "/again" : location)"])
    }
    try await harness.withAgent { _ in
      try await harness.notify(image)
      // On a busy machine the first tries may be too slow, which is said before.
      try await harness.waitForReport {
        guard let waiting = $0.waiting, waiting.version == 1 else { return false }
        return waiting.reason.contains("redirect") || waiting.reason.contains("only http")
      }
      harness.store.handle { request, connection in AgentHarness.serve(image.bytes, request, connection) }
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
  }
}

/// Where the packets of one direction of an MQTT connection begin and how long they are, whatever pieces they come in.
struct MQTTLengths {
  private var rest: [UInt8] = []
  private var toSkip = 0

  /// - Returns: the longest packet whose head is in these bytes.
  mutating func longest(in bytes: [UInt8]) -> Int {
    rest += bytes
    var longest = 0
    while true {
      let skipped = min(toSkip, rest.count)
      rest.removeFirst(skipped)
      toSkip -= skipped
      guard toSkip == 0, rest.count >= 2 else { return longest }
      var length = 0
      var size = 1
      while true {
        guard size < rest.count else { return longest }
        length |= Int(rest[size] & 0x7F) << (7 * (size - 1))
        size += 1
        if rest[size - 1] & 0x80 == 0 { break }
      }
      longest = max(longest, length)
      toSkip = size + length
    }
  }
}

extension FakeApp {
  /// What it was told of its messages, by their IDs.
  var published: [UInt64: UInt8] {
    delivered.reduce(into: [:]) { codes, delivery in
      if case .published(let id, let code) = delivery { codes[id] = code }
    }
  }
}

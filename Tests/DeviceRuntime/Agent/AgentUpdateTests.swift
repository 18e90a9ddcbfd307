import AppLink
import DeviceProtocol
import FirmwareImage
import Foundation
import Foundations
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Agent
@testable import DeviceImages
@testable import DeviceStorage
@testable import UpdateCore

/// One agent, a real broker and a real HTTP server.
@Suite(.seated) struct AgentUpdateTests {
  @Test func aNewDeviceSaysThatNothingRunsAndTakesItsFirstVersion() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { agent in
      let first = try await harness.waitForReport { _ in true }
      #expect(first.version == 0 && first.status == "confirmed" && first.digest.isEmpty && first.slot.isEmpty)
      #expect(first.sequence > 1 << 32)
      let image = try harness.offer(1)
      try await harness.notify(image)
      let confirmed = try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
      #expect(confirmed.digest == image.digest.description && confirmed.slot == "A")
      #expect(harness.launcher.launches == [.init(version: 1, slotFile: "slot-a.image")])
      // Its process was there when it was.
      #expect(harness.launcher.preparations > 0)
      #expect(await agent.machine.record.highestConfirmedVersion == 1)
      try await eventually { harness.presence.last == "online" }
      #expect(try Data(contentsOf: URL(filePath: harness.folder.path("flash/slot-a.image"))) == Data(image.bytes))
    }
    try await eventually { harness.presence.last == "offline" }
    #expect(harness.launcher.running.isEmpty && !harness.launcher.isPrepared)
  }

  @Test func versionsAlternateBetweenTheSlotsAndReportsGrow() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      for version in 1...6 as ClosedRange<UInt64> { try await harness.deploy(version) }
    }
    #expect(
      harness.launcher.launches.map(\.slotFile) == [
        "slot-a.image", "slot-b.image", "slot-a.image", "slot-b.image", "slot-a.image", "slot-b.image",
      ])
    let sequences = harness.reports.map(\.sequence)
    #expect(sequences == sequences.sorted())
    // A new run of the agent goes on above, and runs what was confirmed.
    try await harness.withAgent { _ in
      try await harness.waitForReport(after: sequences.max()!) { $0.version == 6 }
      try await eventually { harness.launcher.running == [6] }
    }
    #expect(harness.launcher.versions.count == 7)
  }

  @Test func theNewestOfManyNotificationsWins() async throws {
    let harness = try await AgentHarness()
    let images = try (1...20).map { try harness.offer($0) }
    try await harness.withAgent { _ in
      for image in images { try await harness.notify(image) }
      // Late and doubled ones change nothing.
      for image in images.reversed() { try await harness.notify(image) }
      try await harness.waitForReport { $0.version == 20 && $0.status == "confirmed" }
      let launched = harness.launcher.versions
      #expect(launched == launched.sorted() && Set(launched).count == launched.count)
      #expect(harness.launcher.running == [20])
    }
  }

  @Test func garbageOnTheTopicsChangesNothing() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      for (topic, payload) in FirmwareNotificationTests.hostile {
        let topic = topic.replacingOccurrences(of: "\(FirmwareNotificationTests.device)", with: "\(harness.device)")
        try await harness.send(payload, to: topic)
      }
      let digest = "sha256:" + String(repeating: "0", count: 64)
      for version in ["0", "-1", "18446744073709551616", "1/2", "x"] {
        try await harness.send(#"{"version":\#(version),"digest":"\#(digest)","size":600}"#, version: version)
      }
      // Well-formed, and nothing behind it: what it says is remembered by nobody.
      let sizes: [(UInt64, UInt64)] = [(2, 9_000_000_000), (UInt64(Int64.max), 1000), (UInt64(Int64.max) - 1, 600)]
      for (version, size) in sizes {
        try await harness.send(
          #"{"version":\#(version),"digest":"\#(digest)","size":\#(size),"url":"\#(harness.store.url)/x"}"#,
          version: "\(version)")
      }
      try await harness.deploy(2)
      try await harness.deploy(3)
      #expect(harness.reports.allSatisfy { $0.failed == nil })
    }
  }

  @Test func aRefusedVersionIsNotFetchedAgain() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      let wrong = try TestImage(device: harness.device, version: 2, imports: [("xtb9", "fly")])
      harness.offer(wrong.bytes, as: 2)
      try await harness.notify(wrong)
      let refused = try await harness.waitForReport { $0.status == "refused" }
      #expect(refused.failed == .init(version: 2, digest: wrong.digest.description))
      #expect(refused.version == 0)
      let count = harness.store.requests.count
      try await harness.notify(wrong)
      try await harness.waitForReport(after: refused.sequence) { $0.status == "refused" }
      #expect(harness.store.requests.count == count)
    }
  }

  /// What somebody on the way makes of an image counts against nobody: it is told, and the right bytes are taken when
  /// they come.
  enum Damage: CaseIterable { case hash, module, device, version, notWebAssembly, longer, shorter, html, gzip }

  @Test(arguments: Damage.allCases) func whatAServerDoesWrongPasses(_ damage: Damage) async throws {
    let harness = try await AgentHarness()
    let good = try TestImage(device: harness.device, version: 2)
    var served = good.bytes
    var headers: [String] = []
    switch damage {
    case .hash: served[0] ^= 1
    case .module: served[served.count - 1] ^= 1
    case .device: served = try TestImage(device: DeviceID.random(), version: 2).bytes
    case .version: served = try TestImage(device: harness.device, version: 3).bytes
    case .notWebAssembly: served.replaceSubrange(544..<552, with: Array("notwasm!".utf8))
    case .longer: served += [0]
    case .shorter: served.removeLast()
    case .html: served = Array("<html>maintenance</html>".utf8)
    case .gzip: headers = ["Content-Encoding: gzip"]
    }
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let (wrong, wrongHeaders) = (served, headers)
      harness.store.handle { _, connection in connection.respond(200, headers: wrongHeaders, body: wrong) }
      try await harness.notify(good)
      let waiting = try await harness.waitForReport { $0.waiting?.version == 2 }
      #expect(waiting.version == 1 && waiting.failed == nil && waiting.waiting?.reason.isEmpty == false)
      try await eventually {
        await agent.log.read(after: 0, count: 100).lines
          .contains { $0.level == "warning" && $0.text.hasPrefix("version 2 has to wait: ") }
      }
      #expect(await agent.status().waiting.map(\.version) == [2])
      #expect(harness.launcher.versions == [1])
      harness.store.handle { request, connection in AgentHarness.serve(good.bytes, request, connection) }
      let last = try await harness.waitForReport { $0.version == 2 && $0.status == "confirmed" }
      try await harness.waitForReport(after: last.sequence - 1) { $0.waiting == nil }
      #expect(harness.reports.allSatisfy { $0.failed == nil })
      #expect(await agent.status().waiting.isEmpty)
    }
  }

  /// A notification's own words do not count: what the image says of itself does.
  @Test func aNotificationThatIsWrongAboutTheImageDoesNoHarm() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      var announced = try harness.offer(2)
      announced.digest = try SHA256Digest.of([1, 2, 3])
      try await harness.notify(announced, size: 9_000_000_000)
      try await harness.waitForReport { $0.version == 2 && $0.status == "confirmed" }
    }
  }

  enum Unsuitability: CaseIterable { case imports, hostAPI, malformed, tooLarge }

  @Test(arguments: Unsuitability.allCases) func whatThisDeviceCanNeverRunIsRefused(_ kind: Unsuitability) async throws {
    let harness = try await AgentHarness()
    let malformed = Array("\0asm\u{1}\0\0\0\u{63}\u{63}".utf8)
    let image =
      switch kind {
      case .imports: try TestImage(device: harness.device, version: 2, imports: [("xtb9", "fly")])
      case .hostAPI: try TestImage(device: harness.device, version: 2, hostAPILevel: 99)
      case .malformed: try TestImage(device: harness.device, version: 2, wasm: malformed)
      case .tooLarge: try TestImage(device: harness.device, version: 2, size: 20_000)
      }
    harness.offer(image.bytes, as: 2)
    var configuration = AgentHarness.configuration()
    configuration.download.maximumImageBytes = 10_000
    try await harness.withAgent(configuration) { _ in
      try await harness.deploy(1)
      try await harness.notify(image)
      let refused = try await harness.waitForReport { $0.status == "refused" }
      #expect(refused.version == 1 && refused.failed?.version == 2 && refused.reason?.isEmpty == false)
      if kind == .imports { #expect(refused.reason?.contains("fly") == true) }
      #expect(harness.launcher.versions == [1])
      #expect(harness.launcher.running == [1])
      // Nothing of it stays.
      let files = try FileManager.default.contentsOfDirectory(atPath: harness.folder.path("flash"))
      #expect(!files.contains { $0.contains("download") })
      try await harness.deploy(4)
    }
  }

  @Test func aPlainImageIsTakenByItsDigest() async throws {
    let harness = try await AgentHarness()
    let image = try TestImage(plain: harness.device, version: 1)
    harness.offer(image.bytes, as: 1)
    try await harness.withAgent { _ in
      try await harness.notify(image)
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
  }

  @Test(arguments: [404, 500, 503, 302]) func aServerThatFailsIsAskedAgain(_ status: Int) async throws {
    let harness = try await AgentHarness()
    let image = try TestImage(device: harness.device, version: 1)
    let count = Mutex(0)
    harness.store.handle { request, connection in
      let number = count.withLock { count in
        count += 1
        return count
      }
      if number <= 7 {
        connection.respond(status, headers: ["Location: http://127.0.0.1:1/"], body: Array("{}".utf8))
      } else {
        AgentHarness.serve(image.bytes, request, connection)
      }
    }
    try await harness.withAgent { _ in
      try await harness.notify(image)
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
  }

  @Test func anotherImageStoreIsTriedWhenTheFirstIsGone() async throws {
    let harness = try await AgentHarness()
    let image = try harness.offer(1)
    let nobody = try FreePort()
    try await harness.withAgent { _ in
      try await harness.send(image.notification(url: "http://127.0.0.1:\(nobody.number)/x"), version: "1")
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
      // The head, and then the image from where that was.
      #expect(harness.store.requests.map(\.path) == [harness.path(1), harness.path(1)])
    }
  }

  @Test func aCutOrStalledDownloadGoesOnWhereItEnded() async throws {
    let harness = try await AgentHarness()
    let image = try TestImage(device: harness.device, version: 1, size: 200_000)
    harness.store.handle { request, connection in
      // Each connection gives 50,000 bytes and then breaks or stalls.
      let first = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
      let end = min(first + 50_000, image.bytes.count)
      let head =
        first == 0
        ? "200 OK"
        : "206 Partial Content\r\nContent-Range: bytes \(first)-\(image.bytes.count - 1)/\(image.bytes.count)"
      connection.send("HTTP/1.1 \(head)\r\nETag: \"v1\"\r\nContent-Length: \(image.bytes.count - first)\r\n\r\n")
      connection.send(Array(image.bytes[first..<end]))
      if first == 50_000, end < image.bytes.count { connection.waitForClose() }
    }
    try await harness.withAgent { _ in
      try await harness.notify(image)
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
    let ranges = harness.store.requests.map { $0.headers["range"] ?? "" }
    #expect(
      ranges == ["bytes=0-543", "", "bytes=50000-", "bytes=100000-", "bytes=150000-", "bytes=200000-"])
    #expect(harness.store.requests.dropFirst(2).allSatisfy { $0.headers["if-range"] == "\"v1\"" })
  }

  @Test func aDownloadGoesOnAfterTheAgentWasStartedAgain() async throws {
    let harness = try await AgentHarness()
    let image = try TestImage(device: harness.device, version: 1, size: 200_000)
    harness.store.handle { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: \(image.bytes.count)\r\n\r\n")
      connection.send(Array(image.bytes[..<100_000]))
      connection.waitForClose()
    }
    try await harness.withAgent { agent in
      try await harness.notify(image)
      try await eventually { await agent.download?.figures.bytesDone == 100_000 }
    }
    harness.store.handle { request, connection in
      #expect(request.headers["range"] == "bytes=100000-")
      connection.respond(
        206, headers: ["ETag: \"v1\"", "Content-Range: bytes 100000-\(image.bytes.count - 1)/\(image.bytes.count)"],
        body: Array(image.bytes[100_000...]))
    }
    // Nobody notifies again.
    try await harness.withAgent { _ in
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
    #expect(harness.store.requests.count == 3)
  }

  @Test func otherBytesUnderTheSameTagAreFoundOut() async throws {
    let harness = try await AgentHarness()
    let image = try TestImage(device: harness.device, version: 1, size: 200_000)
    let isFirst = Mutex(true)
    harness.store.handle { request, connection in
      if request.headers["range"] == "bytes=0-543" { return AgentHarness.serve(image.bytes, request, connection) }
      let wasFirst = isFirst.withLock { value in
        defer { value = false }
        return value
      }
      if wasFirst {
        connection.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: \(image.bytes.count)\r\n\r\n")
        connection.send([UInt8](repeating: 0, count: 100_000))
      } else if request.headers["range"] != nil {
        connection.respond(
          206, headers: ["Content-Range: bytes 100000-\(image.bytes.count - 1)/\(image.bytes.count)"],
          body: Array(image.bytes[100_000...]))
      } else {
        connection.respond(200, headers: ["ETag: \"v1\""], body: image.bytes)
      }
    }
    try await harness.withAgent { _ in
      try await harness.notify(image)
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
  }
}

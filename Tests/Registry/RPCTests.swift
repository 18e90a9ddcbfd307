import FoundationEssentials
import Foundations
import Messaging
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryAuthority
@testable import RegistryBus
@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages

/// Over real ZeroMQ.
@Suite(.seated) struct RPCTests {
  private static func image(_ number: Int) throws -> WireAppImage { WireAppImage(try .sample(number)) }

  @Test func aDevicesWholeLife() async throws {
    try await withClient(try await Fixture.make()) { client in
      var create = WireCreateDevice()
      create.name = "pump"
      create.tags = ["north"]
      create.serial = "S1"
      let device = try await client.call(create)
      #expect(device.state == "unassigned")
      create.id = device.id
      #expect(try await client.call(create).id == device.id)

      var assign = WireAssignImage()
      assign.deviceID = device.id
      assign.image = try Self.image(1)
      assign.idempotencyKey = "k"
      let assigned = try await client.call(assign)
      #expect(assigned.version == 1)
      #expect(assigned.configuration.count == 512)
      #expect(try await client.call(assign).repeated)

      var find = WireFindFirmware()
      find.deviceID = device.id
      let firmware = try await client.call(find)
      #expect(firmware.image == assign.image)
      #expect(firmware.configuration == assigned.configuration)

      var report = WireDeviceReport()
      report.deviceID = device.id
      report.sequence = 7
      report.state.version = 1
      report.state.digest = assign.image.digest
      report.state.slot = "A"
      report.state.status = "confirmed"
      var stranger = report
      stranger.deviceID = Data(DeviceID.random().bytes)
      var broken = report
      broken.state.status = "exploded"
      var record = WireRecordReports()
      record.reports = [stranger, broken, report, report]
      let outcomes = try await client.call(record).outcomes
      #expect(outcomes.map(\.reason) == ["unknown-device", "invalid", "", ""])
      #expect(outcomes.map(\.stored) == [false, false, true, true])
      #expect(outcomes.map(\.deviceID) == record.reports.map(\.deviceID))

      var get = WireGetDevice()
      get.id = device.id
      let current = try await client.call(get)
      #expect(current.state == "current")
      #expect(current.online)
      #expect(current.reported.digest == assign.image.digest)
      #expect(current.reported.hasAt)
      #expect(current.desired.version == 1)

      var update = WireUpdateDevice()
      update.id = device.id
      update.tags = WireUpdateDevice.TagSet()
      let updated = try await client.call(update)
      #expect(updated.tags == [])
      #expect(updated.name == "pump")
      #expect(updated.revision == 2)

      var list = WireListDevices()
      list.state = "current"
      #expect(try await client.call(list).devices == [updated])
      var renotify = WireRenotifyDevice()
      renotify.deviceID = device.id
      #expect(try await client.call(renotify).version == 1)
      var versions = WireListFirmware()
      versions.deviceID = device.id
      #expect(try await client.call(versions).firmware.map(\.version) == [1])
      var events = WireListEvents()
      events.newestFirst = true
      #expect(
        try await client.call(events).events.map(\.kind) == [
          "notification-requested", "device-updated", "state-reported", "device-online", "image-assigned",
          "device-created",
        ])
      var delete = WireDeleteDevice()
      delete.id = device.id
      _ = try await client.call(delete)
      let failure = await #expect(throws: WireFailure.self) { try await client.call(get) }
      #expect(failure?.reason == "unknown-device")
    }
  }

  private struct Hostile: Sendable {
    let what: String
    let reason: String
    let call: @Sendable (RPCClient) async throws -> Void

    init<R: WireRequest>(_ what: String, _ reason: String, _ request: R, _ change: (inout R) -> Void) {
      self.what = what
      self.reason = reason
      var changed = request
      change(&changed)
      call = { [changed] client in _ = try await client.call(changed) }
    }
  }

  private static let device = DeviceID.random()

  private static func hostile() throws -> [Hostile] {
    let huge = String(repeating: "x", count: 1_000_000)
    let overlong = String(repeating: "x", count: 10_000_000)
    let known = Data(device.bytes)
    func assign(_ what: String, _ reason: String, _ change: (inout WireAssignImage) -> Void) throws -> Hostile {
      var request = WireAssignImage()
      request.deviceID = known
      request.image = try image(1)
      request.idempotencyKey = "k"
      return Hostile(what, reason, request, change)
    }
    return [
      Hostile("no ID", "invalid-device-id", WireGetDevice()) { _ in },
      Hostile("short ID", "invalid-device-id", WireGetDevice()) { $0.id = Data(repeating: 1, count: 15) },
      Hostile("long ID", "invalid-device-id", WireDeleteDevice()) { $0.id = Data(repeating: 1, count: 17) },
      Hostile("huge ID", "invalid-device-id", WireRenotifyDevice()) {
        $0.deviceID = Data(repeating: 1, count: 5_000_000)
      },
      Hostile("unknown", "unknown-device", WireGetDevice()) { $0.id = Data(repeating: 0, count: 16) },
      Hostile("empty name", "invalid-name", WireCreateDevice()) { _ in },
      Hostile("NUL in name", "invalid-name", WireCreateDevice()) { $0.name = "a\0b" },
      Hostile("1 MB name", "invalid-name", WireCreateDevice()) { $0.name = huge },
      Hostile("10 MB name", "request-too-large", WireCreateDevice()) { $0.name = overlong },
      Hostile("NUL in tag", "invalid-tags", WireCreateDevice()) { ($0.name, $0.tags) = ("a", ["\0"]) },
      Hostile("many tags", "invalid-tags", WireCreateDevice()) {
        ($0.name, $0.tags) = ("a", (0..<100_000).map { "\($0)" })
      },
      Hostile("long serial", "invalid-serial", WireCreateDevice()) { ($0.name, $0.serial) = ("a", huge) },
      Hostile("bad new ID", "invalid-device-id", WireCreateDevice()) { ($0.name, $0.id) = ("a", Data([1])) },
      Hostile("empty new name", "invalid-name", WireUpdateDevice()) { ($0.id, $0.name) = (known, "") },
      Hostile("bad cursor", "invalid-cursor", WireListDevices()) { $0.cursor = "' or 1=1 --" },
      Hostile("huge cursor", "invalid-cursor", WireListDevices()) { $0.cursor = huge },
      Hostile("big page", "invalid-page-size", WireListDevices()) { $0.pageSize = .max },
      Hostile("bad state", "invalid-state", WireListDevices()) { $0.state = "'; drop table registry.devices" },
      Hostile("NUL in prefix", "invalid-name-prefix", WireListDevices()) { $0.namePrefix = "\0" },
      Hostile("NUL in tag filter", "invalid-tag", WireListDevices()) { $0.tag = "\0" },
      Hostile("big page of events", "invalid-page-size", WireListEvents()) { $0.pageSize = 501 },
      Hostile("bad device of events", "invalid-device-id", WireListEvents()) { $0.deviceID = Data([1, 2]) },
      Hostile("no such version", "unknown-firmware", WireFindFirmware()) { ($0.deviceID, $0.version) = (known, .max) },
      Hostile("no firmware", "no-firmware", WireRenotifyDevice()) { $0.deviceID = known },
      Hostile("1001 reports", "invalid-reports", WireRecordReports()) {
        $0.reports = Array(repeating: WireDeviceReport(), count: 1001)
      },
      try assign("no key", "invalid-idempotency-key") { $0.idempotencyKey = "" },
      try assign("NUL in key", "invalid-idempotency-key") { $0.idempotencyKey = "\0" },
      try assign("1 MB key", "invalid-idempotency-key") { $0.idempotencyKey = huge },
      try assign("no image", "invalid-digest") { $0.clearImage() },
      try assign("short digest", "invalid-digest") { $0.image.digest = Data(repeating: 1, count: 31) },
      try assign("no length", "invalid-image") { $0.image.lengthBytes = 0 },
      try assign("endless length", "invalid-image") { $0.image.lengthBytes = .max },
      try assign("long app name", "invalid-image") { $0.image.appName = String(repeating: "ä", count: 17) },
      try assign("NUL in version", "invalid-image") { $0.image.appVersion = "1\0" },
      try assign("half a signature", "invalid-publisher") {
        $0.image.publisherSignature = Data(repeating: 1, count: 64)
      },
      try assign("zero signature", "invalid-publisher") {
        $0.image.publisherKeyID = Data(repeating: 1, count: 8)
        $0.image.publisherSignature = Data(repeating: 0, count: 64)
      },
    ]
  }

  @Test func hostileRequestsAreToldWhatIsWrong() async throws {
    let fixture = try await Fixture.make()
    try await fixture.device(id: Self.device)
    try await withClient(fixture) { client in
      for hostile in try Self.hostile() {
        let failure = await #expect(throws: WireFailure.self, "\(hostile.what)") {
          try await hostile.call(client)
        }
        #expect(failure?.reason == hostile.reason, "\(hostile.what)")
        #expect((failure?.message.utf8.count ?? 0) < 500, "\(hostile.what)")
        var get = WireGetDevice()
        get.id = Data(Self.device.bytes)
        #expect(try await client.call(get).name == "sensor", "alive after \(hostile.what)")
      }
    }
    #expect(try await fixture.count("select count(*) from registry.devices") == 1)
    #expect(try await fixture.count("select count(*) from registry.firmware") == 0)
  }

  @Test func badReportsAreRefusedOneByOne() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await withClient(fixture) { client in
      func report(_ change: (inout WireDeviceReport) -> Void) -> WireDeviceReport {
        var report = WireDeviceReport()
        report.deviceID = Data(device.bytes)
        report.sequence = 1
        report.state.status = "confirmed"
        change(&report)
        return report
      }
      var record = WireRecordReports()
      record.reports = [
        report { $0.deviceID = Data() }, report { $0.content = nil }, report { $0.sequence = 0 },
        report { $0.sequence = .max }, report { $0.state.status = "" }, report { $0.state.slot = "C" },
        report { $0.state.version = 1 }, report { $0.state.digest = Data(repeating: 1, count: 32) },
        report { $0.state.status = "rolled-back" }, report { $0.state.version = .max },
        report { $0.state.failed.version = 0 },
        report { $0.state.reason = "out of\0 memory" },
      ]
      let outcomes = try await client.call(record).outcomes
      #expect(outcomes.map(\.reason) == Array(repeating: "invalid", count: 11) + [""])
      var get = WireGetDevice()
      get.id = Data(device.bytes)
      #expect(try await client.call(get).reported.reason == "out of\u{FFFD} memory")
    }
  }

  /// What a command follows is what happened, each once, while others write.
  @Test func followedEventsAreCompleteAndInOrder() async throws {
    let fixture = try await Fixture.make()
    var devices: [DeviceID] = []
    for number in 0..<4 { devices.append(try await fixture.device("d\(number)")) }
    let all = devices
    try await withClient(fixture) { client in
      var follower = try EventFollower(client: client, device: nil, deadline: .seconds(20))
      var seen = try await follower.start(count: 2)
      #expect(seen.map(\.kind) == ["device-created", "device-created"])
      let writers = Task {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for device in all {
            group.addTask {
              for round in 0..<8 { _ = try await fixture.store.updateDevice(device, name: "\(round)", tags: nil) }
            }
          }
          try await group.waitForAll()
        }
      }
      try await eventually("half of the events") {
        seen += try await follower.next()
        return seen.count >= 18
      }
      try await writers.value
      try await eventually("all events") {
        seen += try await follower.next()
        return seen.count >= 34
      }
      #expect(seen.map(\.id) == seen.map(\.id).sorted())
      #expect(Set(seen.map(\.id)).count == 34)
      #expect(try await follower.next() == [])
    }
  }
}

import DeviceProtocol
import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct ReportTests {
  @Test func unknownDevicesSpoilNothing() async throws {
    let fixture = try await Fixture.make()
    let known = try await fixture.device()
    let verdicts = try await fixture.store.record([
      .presence(.random(), online: true), .state(known, 5, .running(nil)), .state(.random(), 1, .running(nil)),
      .state(known, 5, .running(nil)), .state(known, 4, .running(nil)), .state(known, 6, .running(nil)),
    ])
    #expect(
      verdicts == [
        .unknownDevice, .stored, .unknownDevice, .repeated, .stale(held: ReportPosition(sequence: 5)), .stored,
      ])
    #expect(try await fixture.store.record([ReceivedReport]()) == [])
    #expect(
      try await fixture.count(
        "select sequence as count from registry.reports where device_id = $1", [.uuid(known.bytes)]) == 6)
  }

  @Test func heartbeatsMakeNoEventsAndChangeNoDevice() async throws {
    let (fixture, device, desired) = try await Fixture.assigned(RegistryStore.Options())
    _ = try await fixture.store.record([.state(device, 1, .running(desired))])
    let row = try await fixture.pool.queryFirst(
      "select xmin::text as row_version from registry.devices where id = $1", [.uuid(device.bytes)])
    let before = try await fixture.count("select count(*) from registry.events")
    for sequence in 2...10 {
      _ = try await fixture.store.record([.state(device, UInt64(sequence), .running(desired))])
    }
    #expect(try await fixture.count("select count(*) from registry.events") == before)
    let after = try await fixture.pool.queryFirst(
      "select xmin::text as row_version from registry.devices where id = $1", [.uuid(device.bytes)])
    #expect(try row?["row_version"].text == after?["row_version"].text)
    #expect(try await fixture.store.device(device).state == .current)
  }

  @Test func lateAndDoubledReportsChangeNothing() async throws {
    let (fixture, device, desired) = try await Fixture.assigned(RegistryStore.Options())
    _ = try await fixture.store.record([.state(device, 1 << 32 | 1, .running(desired))])
    let before = try await fixture.store.device(device)
    let verdicts = try await fixture.store.record([
      .state(device, 1 << 32 | 1, .running(nil, .refused, failed: desired)), .state(device, 99, .running(nil)),
    ])
    let held = ReportVerdict.stale(held: ReportPosition(sequence: 1 << 32 | 1))
    #expect(verdicts == [held, held])
    var after = try await fixture.store.device(device)
    #expect(after.online)
    after.lastSeen = before.lastSeen
    #expect(after == before)
  }

  @Test func aDeviceThatRunsSomethingElseIsNotifiedAgain() async throws {
    let (fixture, device, desired) = try await Fixture.assigned(RegistryStore.Options(renotifyInterval: 0))
    #expect(try await fixture.store.outboxPending() == 0)
    _ = try await fixture.store.record([.state(device, 1, .running(nil))])
    #expect(try await fixture.store.outboxPending() == 1)
    // While it waits, no second one is added.
    _ = try await fixture.store.record([.state(device, 2, .running(nil))])
    #expect(try await fixture.store.outboxPending() == 1)
    let events = try await fixture.count("select count(*) from registry.events where kind = 'notified'")
    try await fixture.acknowledgeAll()
    // A repeat is no event.
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'notified'") == events)
    _ = try await fixture.store.record([.state(device, 3, .running(desired, .trial))])
    #expect(try await fixture.store.outboxPending() == 0)
    #expect(try await fixture.store.device(device).state == .pending)
    _ = try await fixture.store.record([.state(device, 4, .running(desired))])
    #expect(try await fixture.store.device(device).state == .current)
  }

  @Test func aNotificationGetsTimeToTakeEffect() async throws {
    let (fixture, device, _) = try await Fixture.assigned(RegistryStore.Options(renotifyInterval: 3600))
    _ = try await fixture.store.record([.state(device, 1, .running(nil))])
    #expect(try await fixture.store.outboxPending() == 0)
  }

  @Test func presenceAloneNotifiesNothing() async throws {
    let (fixture, device, _) = try await Fixture.assigned(RegistryStore.Options(renotifyInterval: 0))
    _ = try await fixture.store.record([.state(device, 1, .running(nil))])
    try await fixture.acknowledgeAll()
    _ = try await fixture.store.record([.presence(device, online: false), .presence(device, online: true)])
    #expect(try await fixture.store.outboxPending() == 0)
    let kinds = try await fixture.store.events(of: device, .before(nil), limit: 2).map(\.kind)
    #expect(kinds == ["device-online", "device-offline"])
  }

  @Test func aNewVersionFollowsARolledBackOne() async throws {
    let (fixture, device, desired) = try await Fixture.assigned(RegistryStore.Options(renotifyInterval: 0))
    _ = try await fixture.store.record([.state(device, 1, .running(nil, .rolledBack, failed: desired))])
    _ = try await fixture.store.assign(.sample(2), to: device, idempotencyKey: "2")
    #expect(try await fixture.store.device(device).state == .pending)
    try await fixture.acknowledgeAll()
    _ = try await fixture.store.record([.state(device, 2, .running(nil, .rolledBack, failed: desired))])
    #expect(try await fixture.store.outboxPending() == 1)
  }

  @Test func renotifyingADeviceWithoutFirmwareIsAnError() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.renotify(device) }
    #expect(failure?.reason == "no-firmware")
  }

  @Test func enrollingAgainAcceptsACountThatStartsAnew() async throws {
    let (fixture, device, desired) = try await Fixture.assigned(RegistryStore.Options())
    _ = try await fixture.store.record([.state(device, 1 << 40, .running(desired))])
    #expect(
      try await fixture.store.record([.state(device, 1, .running(nil))])
        == [.stale(held: ReportPosition(sequence: 1 << 40))])
    _ = try await fixture.store.createDevice(NewDevice(id: device, name: "x", tags: [], serial: ""))
    #expect(try await fixture.store.record([.state(device, 1, .running(nil))]) == [.stored])
  }

  @Test func batchesOfManyReplicasAtOnce() async throws {
    let fixture = try await Fixture.make()
    var devices: [DeviceID] = []
    for number in 0..<30 { devices.append(try await fixture.device("d\(number)")) }
    let replica = try fixture.replica()
    let all = devices
    try await withThrowingTaskGroup(of: Void.self) { group in
      for round in 1...10 {
        let store = round.isMultiple(of: 2) ? replica : fixture.store
        group.addTask {
          _ = try await store.record(all.shuffled().map { .state($0, UInt64(round), .running(nil)) })
        }
      }
      try await group.waitForAll()
    }
    // Whatever the order in which they came, the newest stays.
    #expect(try await fixture.count("select count(*) from registry.reports where sequence = 10") == 30)
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'state-reported'") == 30)
  }
}

import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryDelivery
@testable import RegistryDomain
@testable import RegistryServer

@Suite(.seated) struct DeletionTests {
  /// With numbers, as their transactions give them.
  private func fill(_ fixture: Fixture, _ device: DeviceID, _ count: Int) async throws {
    try await fixture.pool.withTransaction { transaction in
      // However long it takes: this is not what is tried.
      try await transaction.execute("set local statement_timeout = 0")
      // The trigger would number them one by one.
      try await transaction.execute("set local session_replication_role = replica")
      try await transaction.execute(
        """
        insert into registry.events (id, device_id, kind, detail)
        select nextval('registry.event_ids'), $1, 'state-reported', '{}' from generate_series(1, $2)
        """,
        [.uuid(device.bytes), .int(count)])
    }
  }

  private func events(_ fixture: Fixture, of device: DeviceID) async throws -> Int {
    try await fixture.count(
      "select count(*) as count from registry.events where device_id = $1", [.uuid(device.bytes)])
  }

  @Test func aDeviceWithVeryManyEventsIsDeletedAtOnceAndItsEventsInPieces() async throws {
    let fixture = try await Fixture.make(poolOptions: RegistryService.poolOptions(connections: 4))
    let (device, other) = (try await fixture.device("many"), try await fixture.device("other"))
    try await fill(fixture, device, 100_000)
    try await fill(fixture, other, 10)
    try await fixture.store.deleteDevice(device)
    await #expect(throws: RequestFailure.self) { try await fixture.store.device(device) }
    #expect(try await fixture.store.events(of: device, .before(nil), limit: 500).map(\.kind) == ["device-deleted"])
    #expect(try await events(fixture, of: device) > 90_000)
    // Two replicas at once.
    try await running([
      LeftoverRemoval(store: fixture.store, metrics: RegistryMetrics(), logger: .quiet),
      LeftoverRemoval(store: try fixture.replica(), metrics: RegistryMetrics(), logger: .quiet),
    ]) {
      try await eventually("the removal of what the device left") {
        try await events(fixture, of: device) == 1
      }
    }
    #expect(try await events(fixture, of: other) == 11)
    #expect(try await fixture.count("select count(*) as count from registry.removals") == 0)
  }

  @Test func aDeviceMadeAgainKeepsItsNewEvents() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await fill(fixture, device, 5_000)
    try await fixture.store.deleteDevice(device)
    try await fixture.device("again", id: device)
    #expect(
      try await fixture.store.events(of: device, .before(nil), limit: 500).map(\.kind)
        == ["device-created", "device-deleted"])
    while try await fixture.store.removeLeftovers() != nil {}
    #expect(try await events(fixture, of: device) == 2)
  }

  @Test func aFewEventsGoWithTheirDevice() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await fill(fixture, device, 100)
    try await fixture.store.deleteDevice(device)
    #expect(try await events(fixture, of: device) == 1)
    #expect(try await fixture.store.removeLeftovers() == nil)
  }
}

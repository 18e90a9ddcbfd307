import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryDomain

/// Many devices made in one transaction.
@Suite(.seated) struct DeviceBatchTests {
  private func new(_ serial: String, id: DeviceID = .random(), tags: [String] = []) throws -> NewDevice {
    try NewDevice(id: id, name: "pump \(serial)", tags: tags, serial: serial)
  }

  @Test func eachIsMadeAsIfByItself() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<20).map { try self.new("S\($0)", tags: $0.isMultiple(of: 2) ? [] : ["b", "a"]) }
    #expect(try await fixture.store.createDevices(new).isEmpty)
    for (number, device) in new.enumerated() {
      let made = try await fixture.store.device(#require(device.id))
      #expect(made.serial == "S\(number)" && made.name == "pump S\(number)" && made.tags == device.tags)
    }
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'device-created'") == 20)
  }

  @Test func eachIsInTheAuditLogAndOneOutOfServiceStaysSo() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<3).map { try self.new("S\($0)") }
    let maker = Requester(principal: "provisioner:provisioner-1", source: "bus")
    #expect(try await fixture.store.createDevices(new, by: maker).isEmpty)
    let gone = try #require(new[1].id)
    _ = try await fixture.store.decommission(gone, reason: "lost", by: maker)
    let failures = try await fixture.store.createDevices(new, by: maker)
    #expect(failures.mapValues(\.reason) == [gone: "device-decommissioned"])
    let filter = try AuditFilter(
      principal: "provisioner:provisioner-1", action: "create-device", target: "", since: nil, until: nil)
    let entries = try await fixture.store.audit(filter, before: nil, limit: 50).items
    #expect(Set(entries.map(\.target)) == Set(new.compactMap(\.id).map(AuditRecord.target)))
    #expect(entries.count == 3)
  }

  @Test func aRepeatMakesNothingAndLetsADeviceCountItsReportsAnew() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<3).map { try self.new("S\($0)") }
    _ = try await fixture.store.createDevices(new)
    try await fixture.pool.execute("update registry.reports set sequence = 7")
    #expect(try await fixture.store.createDevices(new + [self.new("S3")]).isEmpty)
    #expect(try await fixture.count("select count(*) from registry.devices") == 4)
    #expect(try await fixture.count("select count(*) from registry.events") == 4)
    #expect(try await fixture.count("select count(*) from registry.reports where sequence = 0") == 4)
  }

  @Test func oneThatExistsWithAnotherSerialSpoilsNoneOfTheOthers() async throws {
    let fixture = try await Fixture.make()
    let taken = try self.new("S1")
    _ = try await fixture.store.createDevices([taken])
    let id = try #require(taken.id)
    let other = try self.new("S3")
    let failures = try await fixture.store.createDevices([self.new("S2", id: id), other])
    #expect(failures.mapValues(\.reason) == [id: "device-exists"])
    #expect(try await fixture.store.device(#require(other.id)).serial == "S3")
  }

  @Test func aDeletedDeviceThatIsMadeAgainGoesOnFromItsHighestVersion() async throws {
    let fixture = try await Fixture.make()
    let device = try self.new("S1")
    let id = try #require(device.id)
    _ = try await fixture.store.createDevices([device])
    try await fixture.pool.execute("update registry.devices set highest_version = 5")
    try await fixture.store.deleteDevice(id)
    #expect(try await fixture.store.createDevices([device]).isEmpty)
    #expect(try await fixture.count("select highest_version as count from registry.devices") == 5)
  }

  @Test func batchesThatOverlapMakeEachDeviceOnce() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<40).map { try self.new("S\($0)") }
    let refused = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<6 { group.addTask { try await fixture.store.createDevices(new.shuffled()).count } }
      return try await group.reduce(0, +)
    }
    #expect(refused == 0)
    #expect(try await fixture.count("select count(*) from registry.devices") == 40)
    #expect(try await fixture.count("select count(*) from registry.events") == 40)
  }
}

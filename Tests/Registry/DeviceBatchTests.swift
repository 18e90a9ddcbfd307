import FirmwareImage
import PostgreSQL
import Testing
import Wire

@testable import RegistryCore

/// Many devices made in one transaction.
@Suite struct DeviceBatchTests {
  private func device(_ serial: String, id: DeviceID = .random(), tags: [String] = []) throws -> RegistryStore.NewDevice {
    try RegistryStore.NewDevice(id: id, name: "pump \(serial)", tags: tags, serial: serial)
  }

  @Test func `each is made as if by itself`() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<20).map { try device("S\($0)", tags: $0.isMultiple(of: 2) ? [] : ["b", "a"]) }
    #expect(try await fixture.store.createDevices(new).isEmpty)
    for (number, device) in new.enumerated() {
      let made = try await fixture.store.device(#require(device.id))
      #expect(made.serial == "S\(number)" && made.name == "pump S\(number)" && made.tags == device.tags)
    }
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'device-created'") == 20)
  }

  @Test func `a repeat makes nothing, and lets a device count its reports anew`() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<3).map { try device("S\($0)") }
    _ = try await fixture.store.createDevices(new)
    try await fixture.pool.execute("update registry.reports set sequence = 7")
    let more = try new + [device("S3")]
    #expect(try await fixture.store.createDevices(more).isEmpty)
    #expect(try await fixture.count("select count(*) from registry.devices") == 4)
    #expect(try await fixture.count("select count(*) from registry.events") == 4)
    #expect(try await fixture.count("select count(*) from registry.reports where sequence = 0") == 4)
  }

  @Test func `one that exists with another serial spoils none of the others`() async throws {
    let fixture = try await Fixture.make()
    let taken = try device("S1")
    _ = try await fixture.store.createDevices([taken])
    let id = try #require(taken.id)
    let other = try device("S3")
    let failures = try await fixture.store.createDevices([device("S2", id: id), other])
    #expect(failures.mapValues(\.reason) == [id: "device-exists"])
    let otherID = try #require(other.id)
    #expect(try await fixture.store.device(otherID).serial == "S3")
  }

  @Test func `a deleted device that is made again goes on from its highest version`() async throws {
    let fixture = try await Fixture.make()
    let first = try device("S1")
    let id = try #require(first.id)
    _ = try await fixture.store.createDevices([first])
    try await fixture.pool.execute("update registry.devices set highest_version = 5")
    try await fixture.store.deleteDevice(id)
    #expect(try await fixture.store.createDevices([first]).isEmpty)
    #expect(try await fixture.count("select highest_version as count from registry.devices") == 5)
  }

  @Test func `batches that overlap make each device once`() async throws {
    let fixture = try await Fixture.make()
    let new = try (0..<40).map { try device("S\($0)") }
    let failed = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<6 { group.addTask { try await fixture.store.createDevices(new.shuffled()).count } }
      return try await group.reduce(0, +)
    }
    #expect(failed == 0)
    #expect(try await fixture.count("select count(*) from registry.devices") == 40)
    #expect(try await fixture.count("select count(*) from registry.events") == 40)
  }
}

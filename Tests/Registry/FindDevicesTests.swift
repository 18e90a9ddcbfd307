import Foundations
import RegistryStorage
import TestSupport
import Testing

@testable import RegistryClient
@testable import RegistryDomain

@Suite(.seated) struct FindDevicesTests {
  @Test func aNameWinsOverBeginningsAndServiceOverRetirement() async throws {
    let fixture = try await Fixture.make()
    let one = try await fixture.device("device-1")
    let ten = try await fixture.device("device-10")
    let old = try await fixture.device("device-2")
    _ = try await fixture.store.decommission(old, reason: "scrapped", by: .anonymous)
    func meant(_ text: String) async throws -> Set<DeviceID> {
      Set(try await fixture.store.devices(meantBy: text, limit: 10).devices.map(\.id))
    }
    #expect(try await meant("device-1") == [one])
    #expect(try await meant("device-10") == [ten])
    #expect(try await meant("device") == [one, ten])
    // One out of service is found by its name, while none in service has it.
    #expect(try await meant("device-2") == [old])
    let again = try await fixture.device("device-2")
    #expect(try await meant("device-2") == [again])
    #expect(try await meant("nothing").isEmpty)
    #expect(try await meant("\(ten)") == [ten])
    let page = try await fixture.store.devices(meantBy: "device", limit: 1)
    #expect(page.devices.count == 1 && page.hasMore)
    #expect(
      try await fixture.store.devices(beginning: "device-1", limit: 10).devices.map(\.name) == [
        "device-1", "device-10",
      ])
  }

  @Test func anIDIsFoundByItsBeginning() async throws {
    let fixture = try await Fixture.make()
    for (name, text) in [
      ("pump", "7d444840-9dc0-11d1-b245-5ffdce74fad2"), ("valve", "7d444840-9dc1-11d1-b245-5ffdce74fad2"),
    ] {
      let id: DeviceID = try #require(DeviceID(text))
      try await fixture.device(name, id: id)
    }
    for (text, count) in [("7d44", 2), ("7D444840-9dc0", 1), ("7d444840-9dc0-1", 1), ("7d4448409dc0", 0), ("8", 0)] {
      #expect(try await fixture.store.devices(meantBy: text, limit: 10).devices.count == count, "\(text)")
    }
  }

  @Test(
    arguments: [
      ("", nil), ("g", nil), ("-", nil), ("7d444840-", "7d444840-0000-0000-0000-000000000000"),
      ("7d444840-9dc0-11d1-b245-5ffdce74fad2", "7d444840-9dc0-11d1-b245-5ffdce74fad2"), ("7d444840_", nil),
      ("7d444840-9dc0-11d1-b245-5ffdce74fad23", nil), ("é", nil),
    ] as [(String, String?)])
  func theBeginningOfAnIDIsARangeOfIDs(_ text: String, _ lowest: String?) {
    #expect(DeviceIDPrefix.range(text).flatMap { DeviceID(bytes: $0.lowest) }?.description == lowest)
  }
}

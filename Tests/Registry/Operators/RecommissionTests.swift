import Foundations
import PostgreSQL
import RegistryStorage
import TestPeers
import TestSupport
import Testing

@testable import RegistryBus
@testable import RegistryDomain
@testable import RegistryMessages

@Suite(.seated) struct RecommissionTests {
  private func recommission(
    _ id: DeviceID, _ fixture: Fixture, _ provisioner: PlayedProvisioner
  ) async throws -> Device {
    try await fixture.store.recommission(
      id, reason: "found", by: .operatorAnna, provisioner: BusProvisioner(provisioner), deadline: .seconds(1))
  }

  @Test func aDeviceComesBackWithItsHistoryAndItIsNotedWhoLetIt() async throws {
    let fixture = try await Fixture.make()
    let store = fixture.store
    let device = try await fixture.device("pump")
    _ = try await store.assign(.sample(1), to: device, idempotencyKey: "1")
    _ = try await store.decommission(device, reason: "lost", by: .operatorAnna)
    #expect(try await store.pendingRevocations() == 1)
    let provisioner = PlayedProvisioner()
    provisioner.enroll(device)
    let back = try await recommission(device, fixture, provisioner)
    #expect(back.state != .decommissioned)
    #expect(provisioner.reinstatements == [device])
    // What the Provisioner was not told yet would take it all away again.
    #expect(try await store.pendingRevocations() == 0)
    #expect(try await store.firmware(of: device, before: nil, limit: 9).items.map(\.version) == [1])
    #expect(try await store.assign(.sample(2), to: device, idempotencyKey: "2").repeated == false)
    let events = try await store.events(of: device, .before(nil), limit: 9).map(\.kind)
    #expect(events.contains("device-recommissioned"))
    let audit = try await store.audit(.all, before: nil, limit: 9).items
    #expect(audit.contains { $0.action == "recommission-device" && $0.target == "device:\(device)" })
    // Again changes nothing.
    #expect(try await recommission(device, fixture, provisioner).state != .decommissioned)
  }

  @Test func aProvisionerThatIsAwayLeavesItOutOfService() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device("pump")
    _ = try await fixture.store.decommission(device, reason: "lost", by: .operatorAnna)
    let away = PlayedProvisioner(failing: .stoppedService)
    let failure = await #expect(throws: RequestFailure.self) { _ = try await recommission(device, fixture, away) }
    // The client's own word would have the command say that no Registry is there.
    #expect(failure?.code == .unavailable && failure?.reason == "provisioner-unavailable")
    #expect(failure?.message.contains("no Provisioner") == true)
    #expect(failure?.message.contains("provisioner.endpoints") == true)
    #expect(try await fixture.store.device(device).state == .decommissioned)
    // One that was made by hand is not known there.
    #expect(try await recommission(device, fixture, PlayedProvisioner()).state != .decommissioned)
  }

  @Test func aDeviceThatNeverWasIsToldSo() async throws {
    let fixture = try await Fixture.make()
    let failure = await #expect(throws: RequestFailure.self) {
      _ = try await recommission(.random(), fixture, PlayedProvisioner())
    }
    #expect(failure?.reason == "unknown-device")
  }
}

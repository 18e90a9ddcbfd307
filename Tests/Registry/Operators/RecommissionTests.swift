import Foundation
import Foundations
import Messaging
import PostgreSQL
import RegistryStorage
import Synchronization
import TestSupport
import Testing
import Wire

@testable import RegistryBus
@testable import RegistryDomain
@testable import RegistryMessages

/// Notes which devices it was asked to let back in.
private final class PlayedProvisioner: RPCCaller {
  private let state: Mutex<(asked: [DeviceID], failure: WireFailure?)>

  init(failure: WireFailure? = nil) {
    state = Mutex((asked: [], failure: failure))
  }

  var asked: [DeviceID] { state.withLock { $0.asked } }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    guard let request = request as? WireReinstateDevice, let device = DeviceID(bytes: request.deviceID),
      let answer = WireReinstateDeviceResponse() as? R.Response
    else { throw WireFailure(.unsupported, reason: "unsupported", message: "not what is asked here") }
    let failure = state.withLock { state in
      state.asked.append(device)
      return state.failure
    }
    if let failure { throw failure }
    return answer
  }
}

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
    let back = try await recommission(device, fixture, provisioner)
    #expect(back.state != .decommissioned)
    #expect(provisioner.asked == [device])
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
    let away = PlayedProvisioner(failure: WireFailure(.unavailable, reason: "down", message: "not there"))
    let failure = await #expect(throws: RequestFailure.self) { _ = try await recommission(device, fixture, away) }
    #expect(failure?.reason == "down")
    #expect(try await fixture.store.device(device).state == .decommissioned)
    // One that was made by hand is not known there.
    let unknown = PlayedProvisioner(failure: WireFailure(.notFound, reason: "unknown-device", message: ""))
    #expect(try await recommission(device, fixture, unknown).state != .decommissioned)
  }

  @Test func aDeviceThatNeverWasIsToldSo() async throws {
    let fixture = try await Fixture.make()
    let failure = await #expect(throws: RequestFailure.self) {
      _ = try await recommission(.random(), fixture, PlayedProvisioner())
    }
    #expect(failure?.reason == "unknown-device")
  }
}

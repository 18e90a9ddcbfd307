import FoundationEssentials
import Foundations
import Messaging
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryBus
@testable import RegistryDelivery
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

extension RevocationDispatcher {
  fileprivate init(_ store: RegistryStore, _ provisioner: any RPCCaller, lease: Duration = .seconds(3)) {
    self.init(
      store: store, provisioner: BusProvisioner(provisioner),
      options: Options(
        lease: lease, backoff: RetryBackoff(first: .milliseconds(20), longest: .milliseconds(100)),
        longestSleep: .milliseconds(100)),
      logger: .quiet)
  }
}

@Suite(.seated) struct DecommissionTests {
  @Test func itKeepsItsHistoryAndTakesNothingMore() async throws {
    let fixture = try await Fixture.make()
    let store = fixture.store
    let (device, other) = (try await fixture.device("old"), try await fixture.device("other"))
    _ = try await store.assign(.sample(1), to: device, idempotencyKey: "1")
    _ = try await store.record([.state(device, 1, .running(try PublishedApp.sample(1).reference(1)))])
    _ = try await store.assign(.sample(2), to: device, idempotencyKey: "2")
    let gone = try await store.decommission(device, reason: "water damage", by: .operatorAnna)
    #expect(gone.state == .decommissioned)
    #expect(try await store.outboxPending() == 0)
    #expect(try await store.firmware(of: device, before: nil, limit: 9).items.map(\.version) == [2, 1])
    let events = try await store.events(of: device, .before(nil), limit: 50)
    #expect(events.first?.kind == "device-decommissioned")
    #expect(events.first?.detail == #"{"reason": "water damage"}"#)
    #expect(events.contains { $0.kind == "image-assigned" })

    for refused in [
      { _ = try await store.assign(.sample(3), to: device, idempotencyKey: "3") },
      { _ = try await store.renotify(device) }, { _ = try await store.retryFirmware(of: device) },
      {
        _ = try await store.createDevice(NewDevice(id: device, name: "old", tags: [], serial: ""))
      },
    ] as [@Sendable () async throws -> Void] {
      let failure = await #expect(throws: RequestFailure.self) { try await refused() }
      #expect(failure?.reason == "device-decommissioned")
    }
    // An earlier answer is still the answer.
    #expect(try await store.assign(.sample(2), to: device, idempotencyKey: "2").repeated)

    func listed(_ state: String) async throws -> [DeviceID] {
      try await store.devices(
        DeviceFilter(namePrefix: "", tags: [], state: state), after: nil, limit: 50
      ).items.map(\.id)
    }
    #expect(try await listed("") == [other])
    #expect(try await listed("decommissioned") == [device])
    #expect(try await listed("online") == [])
    #expect(try await listed("pending") == [])
    #expect(try await store.device(device).state == .decommissioned)
  }

  @Test func whatItReportsLaterIsAnsweredWithNoNotification() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(renotifyInterval: 0))
    let device = try await fixture.device()
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    _ = try await fixture.store.decommission(device, reason: "lost", by: .operatorAnna)
    let verdicts = try await fixture.store.record([.state(device, 1, .running(nil))])
    #expect(verdicts == [.stored])
    #expect(try await fixture.store.outboxPending() == 0)
  }

  @Test func aRepeatChangesNothing() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for _ in 0..<3 { _ = try await fixture.store.decommission(device, reason: "lost", by: .operatorAnna) }
    #expect(
      try await fixture.count("select count(*) from registry.audit where action = 'decommission-device'") == 1)
    #expect(try await fixture.store.pendingRevocations() == 1)
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.decommission(.random(), reason: "lost", by: .operatorAnna)
    }
    #expect(failure?.reason == "unknown-device")
    for reason in ["", "a\0b", String(repeating: "x", count: 100_000)] {
      await #expect(throws: RequestFailure.self) {
        try await fixture.store.decommission(device, reason: reason, by: .operatorAnna)
      }
    }
  }

  @Test func theProvisionerIsToldWhoAsked() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let provisioner = PlayedProvisioner()
    let server = provisioner.server()
    try await running([server]) {
      let endpoint = try await server.boundAddress()
      try await withRPCClient(endpoints: [endpoint], logger: .quiet) { client in
        try await running([RevocationDispatcher(fixture.store, client)]) {
          _ = try await fixture.store.decommission(
            device, reason: "lost", by: Requester(principal: "token:ci", source: "192.0.2.9"))
          try await eventually { try await fixture.store.pendingRevocations() == 0 }
        }
      }
    }
    #expect(provisioner.revokedDevices == [device])
    #expect(provisioner.revocations.first?.reason == "lost")
    #expect(provisioner.revocations.first?.requester.principal == "token:ci")
    #expect(provisioner.revocations.first?.requester.source == "192.0.2.9")
  }

  /// The order outlives the replica that took it.
  @Test func aProvisionerThatIsDownIsToldWhenItIsBack() async throws {
    let fixture = try await Fixture.make()
    let (device, deleted) = (try await fixture.device("a"), try await fixture.device("b"))
    let port = try FreePort()
    let address = "tcp://127.0.0.1:\(port.number)"
    try await withRPCClient(endpoints: [address], logger: .quiet) { client in
      try await running([RevocationDispatcher(fixture.store, client, lease: .milliseconds(300))]) {
        _ = try await fixture.store.decommission(device, reason: "lost", by: .operatorAnna)
        try await fixture.store.deleteDevice(deleted)
        try await eventually("a second attempt") {
          try await fixture.count("select count(*) from registry.revocations where attempts > 1") == 2
        }
      }
      #expect(try await fixture.store.pendingRevocations() == 2)
      let provisioner = PlayedProvisioner()
      try await running([
        provisioner.server(listening: address), RevocationDispatcher(try fixture.replica(), client),
      ]) {
        try await eventually { try await fixture.store.pendingRevocations() == 0 }
      }
      #expect(Set(provisioner.revokedDevices) == [device, deleted])
    }
  }

  /// The Provisioner revokes devices that it never heard of too, as `ProvisionerOfRegistry` has it; an answer that there
  /// is none would say as well that nothing is left to be taken away.
  @Test func aDeviceThatTheProvisionerDoesNotKnowIsDone() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let server = PlayedProvisioner(
      failing: WireFailure(.notFound, reason: "unknown-device", message: "never enrolled")
    ).server()
    try await running([server]) {
      let endpoint = try await server.boundAddress()
      try await withRPCClient(endpoints: [endpoint], logger: .quiet) { client in
        try await running([RevocationDispatcher(fixture.store, client)]) {
          _ = try await fixture.store.decommission(device, reason: "lost", by: .operatorAnna)
          try await eventually { try await fixture.store.pendingRevocations() == 0 }
        }
      }
    }
  }
}

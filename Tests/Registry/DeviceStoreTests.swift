import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryMessages

@Suite(.seated) struct DeviceStoreTests {
  @Test func aRepeatAnswersTheDeviceThatExists() async throws {
    let fixture = try await Fixture.make()
    let id = DeviceID.random()
    let new = try NewDevice(id: id, name: "pump", tags: ["b", "a"], serial: "S1")
    let first = try await fixture.store.createDevice(new)
    #expect(first.isNew)
    #expect(first.device.tags == ["a", "b"])
    #expect(first.device.state == .unassigned)
    #expect(!first.device.online)
    let again = try await fixture.store.createDevice(
      NewDevice(id: id, name: "other", tags: [], serial: "S1"))
    #expect(!again.isNew)
    #expect(again.device == first.device)
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.createDevice(NewDevice(id: id, name: "pump", tags: [], serial: "S2"))
    }
    #expect(failure?.code == .conflict)
    #expect(try await fixture.count("select count(*) from registry.events") == 1)
  }

  @Test func manyCreateTheSameDeviceAtOnce() async throws {
    let fixture = try await Fixture.make()
    let new = try NewDevice(id: .random(), name: "pump", tags: [], serial: "S1")
    let made = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<12 { group.addTask { try await fixture.store.createDevice(new).isNew } }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
  }

  @Test func textsThatLookLikeSQLAreTexts() async throws {
    let fixture = try await Fixture.make()
    for name in ["'; drop table registry.devices; --", "$1", "\\'", "%", "_", "a\u{301}b"] {
      let id = try await fixture.device(name, tags: [name])
      #expect(try await fixture.store.device(id).name == name)
      let page = try await fixture.store.devices(
        DeviceFilter(namePrefix: name, tags: [name], state: ""), after: nil, limit: 10)
      #expect(page.items.map(\.id) == [id])
    }
  }

  @Test func changes() async throws {
    let fixture = try await Fixture.make()
    let id = try await fixture.device("pump", tags: ["a"])
    let renamed = try await fixture.store.updateDevice(id, name: "valve", tags: nil)
    #expect(renamed.name == "valve")
    #expect(renamed.tags == ["a"])
    #expect(renamed.revision == 2)
    // Nothing to change: no new revision, no event.
    #expect(try await fixture.store.updateDevice(id, name: "valve", tags: ["a"]).revision == 2)
    #expect(try await fixture.store.updateDevice(id, name: nil, tags: [], ifRevision: 2).tags == [])
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.updateDevice(id, name: "x", tags: nil, ifRevision: 2)
    }
    #expect(failure?.reason == "revision-mismatch")
    let kinds = try await fixture.store.events(of: id, .before(nil), limit: 10).map(\.kind)
    #expect(kinds == ["device-updated", "device-updated", "device-created"])
  }

  @Test func aDeletedDeviceLeavesNothingButTheEventOfIt() async throws {
    let fixture = try await Fixture.make()
    let id = try await fixture.device("pump")
    let other = try await fixture.device("other")
    _ = try await fixture.store.assign(.sample(), to: id, idempotencyKey: "k")
    _ = try await fixture.store.record([.presence(id, online: true)])
    try await fixture.store.deleteDevice(id)
    let left = try await fixture.count(
      """
      select (select count(*) from registry.devices where id = $1)
        + (select count(*) from registry.reports where device_id = $1)
        + (select count(*) from registry.firmware where device_id = $1)
        + (select count(*) from registry.outbox where device_id = $1) as count
      """, [.uuid(id.bytes)])
    #expect(left == 0)
    let events = try await fixture.store.events(of: nil, .before(nil), limit: 10)
    #expect(events.filter { $0.device == id }.map(\.kind) == ["device-deleted"])
    #expect(try await fixture.store.device(other).name == "other")
    for operation in [
      { _ = try await fixture.store.device(id) }, { try await fixture.store.deleteDevice(id) },
      { _ = try await fixture.store.updateDevice(id, name: "x", tags: nil) },
      { _ = try await fixture.store.renotify(id) },
    ] as [@Sendable () async throws -> Void] {
      let failure = await #expect(throws: RequestFailure.self) { try await operation() }
      #expect(failure?.reason == "unknown-device")
    }
  }

  /// Deleting locks the same rows as everything else: none of it may deadlock for good or fail.
  @Test func deletingAmidEverythingElse() async throws {
    let fixture = try await Fixture.make()
    let ids = try await withThrowingTaskGroup(of: DeviceID.self) { group in
      for number in 0..<12 { group.addTask { try await fixture.device("d\(number)") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, id) in ids.enumerated() {
        group.addTask {
          for round in 0..<5 {
            do {
              _ = try await fixture.store.assign(.sample(round), to: id, idempotencyKey: "\(round)")
            } catch let failure as RequestFailure where failure.reason == "unknown-device" { return }
          }
        }
        group.addTask {
          for round in 1...5 {
            _ = try await fixture.store.record(
              ids.shuffled().map { .state($0, UInt64(number * 100 + round), .running(nil)) })
          }
        }
        group.addTask {
          let claim = Array(DeviceID.random().bytes)
          let batch = try await fixture.store.claimOutbox(limit: 5, lease: .seconds(5), claim: claim)
          let outcome = DeliveryOutcome(
            batch, answer: .success(Array(repeating: .acknowledged, count: batch.count)),
            backoff: RetryBackoff(longest: .seconds(1))
          ) { 0 }
          try await fixture.store.settleOutbox(outcome, claim: claim)
        }
        group.addTask { try await fixture.store.deleteDevice(id) }
      }
      try await group.waitForAll()
    }
    #expect(try await fixture.count("select count(*) from registry.devices") == 0)
    #expect(try await fixture.count("select count(*) from registry.outbox") == 0)
    // No event of a deleted device came after it was gone.
    #expect(try await fixture.count("select count(*) from registry.events where kind <> 'device-deleted'") == 0)
  }
}

extension WireNotifyResponse {
  static func acknowledging(_ count: Int) -> WireNotifyResponse {
    var acknowledged = WireNotificationOutcome()
    acknowledged.acknowledged = true
    var response = WireNotifyResponse()
    response.outcomes = Array(repeating: acknowledged, count: count)
    return response
  }
}

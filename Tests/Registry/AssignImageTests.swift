import FirmwareImage
import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryDomain

@Suite(.seated) struct AssignImageTests {
  @Test func oneTransactionMakesAllOfIt() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let image = try PublishedApp.sample()
    let assignment = try await fixture.store.assign(image, to: device, idempotencyKey: "k")
    #expect(assignment.version == 1)
    #expect(!assignment.repeated)
    let configuration = try ImageConfiguration(decoding: assignment.configuration)
    #expect(configuration.device == device)
    #expect(configuration.manifest?.firmwareVersion == 1)
    #expect(configuration.manifest?.app == image.app)
    #expect(configuration.manifest?.director == nil)
    let stored = try await fixture.store.device(device)
    #expect(stored.desired == image.reference(1))
    #expect(stored.state == .pending)
    let firmware = try await fixture.store.firmware(of: device, version: nil)
    #expect(firmware.image == image)
    #expect(firmware.configuration == assignment.configuration)
    #expect(firmware.notifiedAt == nil)
    #expect(try await fixture.store.outboxPending() == 1)
    let events = try await fixture.store.events(of: device, .before(nil), limit: 10)
    #expect(events.map(\.kind) == ["image-assigned", "device-created"])
    #expect(events[0].detail.contains("\(image.app.wasmDigest)"))
  }

  @Test func aPublishersSignatureIsKept() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    var image = try PublishedApp.sample()
    let key = try #require(KeyID(bytes: Array(1...8)))
    image.publisher = ImageSignature(keyID: key, signature: Array(1...64))
    let assignment = try await fixture.store.assign(image, to: device, idempotencyKey: "k")
    #expect(try ImageConfiguration(decoding: assignment.configuration).manifest?.publisher == image.publisher)
    #expect(try await fixture.store.firmware(of: device, version: 1).image == image)
    #expect(try await fixture.store.assign(image, to: device, idempotencyKey: "k").repeated)
  }

  @Test func twentyAtOnceGetTwentyVersionsWithoutGaps() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let replica = try fixture.replica()
    let versions = try await withThrowingTaskGroup(of: UInt64.self) { group in
      for number in 1...20 {
        let store = number.isMultiple(of: 2) ? fixture.store : replica
        group.addTask {
          try await store.assign(.sample(number), to: device, idempotencyKey: "key \(number)").version
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(versions.sorted() == Array(1...20))
    #expect(try await fixture.store.outboxPending() == 20)
    let newest = try await fixture.store.firmware(of: device, version: nil)
    #expect(newest.version == 20)
    #expect(try await fixture.store.device(device).desired == newest.image.reference(20))
  }

  @Test func theSameKeyAtOnceIsOneAssignment() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let replica = try fixture.replica()
    let image = try PublishedApp.sample()
    let assignments = try await withThrowingTaskGroup(of: Assignment.self) { group in
      for number in 1...16 {
        let store = number.isMultiple(of: 2) ? fixture.store : replica
        group.addTask { try await store.assign(image, to: device, idempotencyKey: "same") }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(assignments.map(\.version)) == [1])
    #expect(Set(assignments.map(\.configuration)).count == 1)
    #expect(assignments.count { !$0.repeated } == 1)
    #expect(try await fixture.count("select count(*) from registry.outbox") == 1)
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'image-assigned'") == 1)
  }

  @Test func aRepeatAnswersTheFirstOutcomeEvenLater() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let first = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "a")
    _ = try await fixture.store.assign(.sample(2), to: device, idempotencyKey: "b")
    let again = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "a")
    #expect(again.version == 1)
    #expect(again.configuration == first.configuration)
    #expect(again.repeated)
    #expect(try await fixture.store.device(device).desired?.version == 2)
  }

  @Test func aKeyForAnotherImageIsAConflict() async throws {
    let fixture = try await Fixture.make()
    let (device, other) = (try await fixture.device(), try await fixture.device())
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "a")
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.assign(.sample(2), to: device, idempotencyKey: "a")
    }
    #expect(failure?.code == .conflict)
    #expect(failure?.reason == "idempotency-key-reused")
    // Keys are a device's own.
    #expect(try await fixture.store.assign(.sample(2), to: other, idempotencyKey: "a").version == 1)
  }

  @Test func unknownDevicesAndEmptyKeysAreRefused() async throws {
    let fixture = try await Fixture.make()
    let unknown = await #expect(throws: RequestFailure.self) {
      try await fixture.store.assign(.sample(1), to: .random(), idempotencyKey: "a")
    }
    #expect(unknown?.reason == "unknown-device")
    let device = try await fixture.device()
    for key in ["", "a\0b", String(repeating: "k", count: 256)] {
      let failure = await #expect(throws: RequestFailure.self) {
        try await fixture.store.assign(.sample(1), to: device, idempotencyKey: key)
      }
      #expect(failure?.reason == "invalid-idempotency-key")
    }
    #expect(try await fixture.count("select count(*) from registry.firmware") == 0)
  }

  @Test func versionsGoOnWhenADeviceIsMadeAgain() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for number in 1...3 { _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)") }
    try await fixture.store.deleteDevice(device)
    _ = try await fixture.device(id: device)
    // Made and deleted without any assignment, it still remembers.
    try await fixture.store.deleteDevice(device)
    _ = try await fixture.device(id: device)
    #expect(try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1").version == 4)
  }

  @Test func firmwareIsFoundAndListed() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let none = await #expect(throws: RequestFailure.self) { try await fixture.store.firmware(of: device, version: nil) }
    #expect(none?.reason == "no-firmware")
    for number in 1...5 { _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)") }
    let first = try await fixture.store.firmware(of: device, before: nil, limit: 2)
    #expect(first.items.map(\.version) == [5, 4])
    let second = try await fixture.store.firmware(of: device, before: first.next, limit: 2)
    #expect(second.items.map(\.version) == [3, 2])
    let last = try await fixture.store.firmware(of: device, before: second.next, limit: 2)
    #expect(last.items.map(\.version) == [1])
    #expect(last.next == nil)
    for version in [6, UInt64(Int64.max), .max] {
      let failure = await #expect(throws: RequestFailure.self) {
        try await fixture.store.firmware(of: device, version: version)
      }
      #expect(failure?.reason == "unknown-firmware")
    }
    let unknown = await #expect(throws: RequestFailure.self) {
      try await fixture.store.firmware(of: .random(), before: nil, limit: 2)
    }
    #expect(unknown?.reason == "unknown-device")
  }
}

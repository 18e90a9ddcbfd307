import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// Devices that are named before they enrol.
@Suite(.seated) struct RegistrationTests {
  private func register(
    _ serial: String, key: P256.PrivateKey? = nil, _ stage: Stage
  ) async throws -> String? {
    try await stage.devices.register(
      NewRegistration(
        serial: serial, publicKeyHash: key?.publicKey.hash ?? [], product: "sensor", group: "lab", tags: ["x"],
        name: "")
    )?.text
  }

  @Test func byItsKeyWithoutAClaim() async throws {
    try await withStage { stage in
      let key = try P256.PrivateKey()
      #expect(try await register("SN-1", key: key, stage) == nil)
      let identity = try await stage.enroll(token: "", serial: "SN-1", key: key)
      #expect(identity.name == "SN-1")
      #expect(stage.registry.devices[identity.device]?.tags == ["x", "group:lab"])
      #expect(try await stage.enroll(token: "", serial: "SN-1", key: key) == identity)
    }
  }

  @Test func byASecretOfItsOwnOnce() async throws {
    try await withStage { stage in
      let secret = try #require(try await register("SN-1", stage))
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: secret, serial: "SN-1", key: key)
      #expect(try await stage.enroll(token: secret, serial: "SN-1", key: key) == identity)
      let other = await requestFailure {
        _ = try await stage.enroll(token: secret, serial: "SN-1", key: P256.PrivateKey())
      }
      #expect(other?.reason == "serial-taken")
    }
  }

  @Test func neitherAnotherKeyNorAnotherSerialNumberNorAnEmptyClaimLetsAnybodyIn() async throws {
    try await withStage { stage in
      let key = try P256.PrivateKey()
      _ = try await register("SN-1", key: key, stage)
      let secret = try #require(try await register("SN-2", stage))
      let attempts: [(token: String, serial: String, key: P256.PrivateKey?)] = [
        ("", "SN-1", try P256.PrivateKey()), ("", "SN-2", key), ("", "SN-1", nil), (secret, "SN-1", key),
        (secret, "SN-3", nil),
      ]
      for attempt in attempts {
        let failure = await requestFailure {
          _ = try await stage.enroll(token: attempt.token, serial: attempt.serial, key: attempt.key)
        }
        #expect(failure?.reason == "claim-refused")
      }
      #expect(stage.registry.devices.isEmpty)
    }
  }

  @Test func aClaimDoesNotGetAtARegisteredSerialNumber() async throws {
    try await withStage { stage in
      _ = try await register("SN-1", stage)
      let (id, token) = try await stage.makeClaim()
      let failure = await requestFailure {
        _ = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey())
      }
      #expect(failure?.reason == "serial-registered")
      #expect(try await stage.claims.claim(id).used == 0)
    }
  }

  /// It has nothing but its key to come back with: its secret was used up, or never was.
  @Test func theBoardThatEnrolledUnderItComesBackWithAnyClaimByItsKey() async throws {
    try await withStage { stage in
      let secret = try #require(try await register("SN-1", stage))
      let key = try P256.PrivateKey()
      let before = try await stage.enroll(token: secret, serial: "SN-1", key: key)
      let (_, token) = try await stage.makeClaim(product: "sensor")
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key).device == before.device)
      let stranger = await requestFailure {
        _ = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey())
      }
      #expect(stranger?.reason == "serial-registered")
    }
  }

  @Test func whatIsRegisteredOrEnrolledAlreadyCantBeRegistered() async throws {
    try await withStage { stage in
      let key = try P256.PrivateKey()
      _ = try await register("SN-1", key: key, stage)
      #expect(await requestFailure { _ = try await register("SN-1", stage) }?.reason == "serial-registered")
      #expect(await requestFailure { _ = try await register("SN-2", key: key, stage) }?.reason == "serial-registered")
      _ = try await stage.enroll(token: stage.makeClaim().token, serial: "SN-3")
      #expect(await requestFailure { _ = try await register("SN-3", stage) }?.reason == "serial-registered")
    }
  }

  @Test func unregisteredBeforeItEnrolledItStaysOut() async throws {
    try await withStage { stage in
      let secret = try #require(try await register("SN-1", stage))
      let waiting = try await stage.devices.list(flagged: false, serial: nil, after: nil, limit: 10).devices
      #expect(waiting.map(\.state) == [.waiting])
      #expect(waiting.map(\.id) == [nil])
      #expect(try await stage.devices.unregister(serial: "SN-1", product: "sensor"))
      #expect(try await stage.devices.unregister(serial: "SN-1", product: "sensor") == false)
      #expect(
        await requestFailure { _ = try await stage.enroll(token: secret, serial: "SN-1") }?.reason == "claim-refused")
    }
  }

  @Test func everyDeviceOnceOverAllPagesThoseThatWaitAmongThem() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      for number in 0..<5 {
        _ = try await register("R-\(number)", stage)
        _ = try await stage.enroll(token: token, serial: "E-\(number)")
      }
      var serials: [String] = []
      var cursor: ListCursor?
      repeat {
        let page = try await stage.devices.list(flagged: false, serial: nil, after: cursor, limit: 3)
        serials += page.devices.map(\.serial)
        cursor = page.next
      } while cursor != nil
      #expect(serials == (0..<5).reversed().flatMap { ["E-\($0)", "R-\($0)"] })
    }
  }

  @Test(arguments: [1, 31, 33])
  func aHashOfAnotherLengthIsRefused(_ count: Int) {
    #expect(throws: RequestFailure.self) {
      try NewRegistration(
        serial: "SN-1", publicKeyHash: [UInt8](repeating: 1, count: count), product: "", group: "", tags: [], name: "")
    }
  }
}

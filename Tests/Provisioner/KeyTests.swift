import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// Devices that enrol with a key of their own.
@Suite(.seated) struct KeyTests {
  @Test func aRepeatWithTheSameKeyGivesTheSameIdentity() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: token, serial: "SN-1", key: key)
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key) == identity)
      #expect(try await stage.claims.claim(id).used == 1)
      #expect(stage.registry.devices.count == 1)
    }
  }

  @Test func anotherKeyUnderTheSameSerialNumberIsRefusedWithWhatTheOperatorCanDo() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      _ = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey())
      for token in [token, try await stage.makeClaim().token] {
        let failure = await requestFailure {
          _ = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey())
        }
        #expect(failure?.code == .conflict)
        #expect(failure?.reason == "serial-taken")
        #expect(failure?.message.contains("xtblish-provisioner devices reset SN-1") == true)
      }
      #expect(try await stage.claims.claim(id).used == 1)
    }
  }

  @Test func aRequestWithoutItsKeyDoesNotGetAKeyedDevicesIdentity() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      _ = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey())
      #expect(
        await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }?.reason == "serial-taken")
      let polling = await requestFailure {
        _ = try await stage.enroll(token: token, serial: "SN-1", isPollingOnly: true)
      }
      #expect(polling?.reason == "serial-taken")
    }
  }

  @Test func aDeviceWhoseCertificateExpiredComesBackByAnotherClaimAsTheDeviceThatItIs() async throws {
    try await withStage { stage in
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: stage.makeClaim().token, serial: "SN-1", key: key)
      let (id, token) = try await stage.makeClaim()
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key) == identity)
      #expect(try await stage.claims.claim(id).used == 1)
    }
  }

  @Test func oneKeyIsNotTwoDevicesAndARefusalTakesNoUse() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      let key = try P256.PrivateKey()
      _ = try await stage.enroll(token: token, serial: "SN-1", key: key)
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-2", key: key) }
      #expect(failure?.reason == "key-taken")
      #expect(try await stage.claims.claim(id).used == 1)
      #expect(try await stage.claims.uses(of: id).map(\.serial) == ["SN-1"])
    }
  }

  @Test func afterAResetAnotherKeyBecomesANewDeviceWithoutAFurtherUseAndTheOldKeyStaysOut()
    async throws
  {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      let (old, new) = (try P256.PrivateKey(), try P256.PrivateKey())
      let before = try await stage.enroll(token: token, serial: "SN-1", key: old)
      #expect(try await stage.devices.reset(serial: "SN-1", product: "sensor", requester: "test") == before.device)
      let after = try await stage.enroll(token: token, serial: "SN-1", key: new)
      #expect(after.device != before.device)
      #expect(try await stage.claims.claim(id).used == 1)
      #expect(try await stage.claims.uses(of: id).map(\.device) == [after.device])
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: old) }
      #expect(failure?.reason == "serial-taken")
      let states = try await stage.devices.list(flagged: false, serial: "SN-1", after: nil, limit: 10).devices.map(
        \.state)
      #expect(states == [.enrolled, .reset])
    }
  }

  @Test func aResetOfWhatIsNotThereSaysSo() async throws {
    try await withStage { stage in
      _ = try await stage.enroll(token: stage.makeClaim().token, serial: "SN-1", key: P256.PrivateKey())
      #expect(
        await requestFailure { _ = try await stage.devices.reset(serial: "SN-1", product: "other", requester: "test") }?
          .reason
          == "unknown-serial")
      #expect(
        await requestFailure {
          _ = try await stage.devices.reset(serial: "SN-2", product: "sensor", requester: "test")
        }?
        .code == .notFound)
    }
  }

  @Test func withCertificatesOnADeviceThatBringsNoKeyIsToldWhatToSend() async throws {
    try await withStage(isInsecure: false) { stage in
      stage.registry.publish(directorKey: Array(repeating: 1, count: 32), rootDocument: Array("{}".utf8))
      let (id, token) = try await stage.makeClaim()
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
      #expect(failure?.reason == "invalid-certificateRequest")
      #expect(try await stage.claims.claim(id).used == 0)
    }
  }

  @Test func aRequestThatItsKeyDidNotSignIsRefusedBeforeAnythingIsTaken() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      var der = try CertificateRequest(key: P256.PrivateKey(), commonName: "SN-1").der
      der[der.count - 1] ^= 1
      let failure = await requestFailure {
        _ = try await stage.enroller.enroll(
          EnrolmentRequest(claim: token, serial: "SN-1", certificateRequest: der))
      }
      #expect(failure?.reason == "invalid-certificateRequest")
      #expect(try await stage.claims.claim(id).used == 0)
    }
  }

  @Test func aClaimForSomeSerialNumbersLetsNoOtherIn() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(serials: ["SN-1", "SN-2"])
      _ = try await stage.enroll(token: token, serial: "SN-2")
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-3") }
      #expect(failure?.reason == "serial-not-allowed")
      #expect(failure?.code == .permissionDenied)
      #expect(try await stage.claims.claim(id).used == 1)
    }
  }

  @Test func aClaimsGroupIsATagOfItsDevices() async throws {
    try await withStage { stage in
      let identity = try await stage.enroll(token: stage.makeClaim(group: "north").token, serial: "SN-1")
      #expect(stage.registry.devices[identity.device]?.tags == ["a", "b", "group:north"])
    }
  }

  @Test func aGroupNeedsRoomAmongTheTags() {
    let tags = (0..<32).map { "t\($0)" }
    #expect(throws: RequestFailure.self) { try DevicePlacement(product: "", group: "g", tags: tags) }
    #expect(throws: Never.self) { try DevicePlacement(product: "", group: "", tags: tags) }
  }

  @Test func theFingerprintAtAClaimsEndIsTheDevicesBusiness() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      let identity = try await stage.enroll(token: token + ".00112233445566778899aabbccddeeff", serial: "SN-1")
      #expect(identity.name == "node-1")
    }
  }
}

import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing

@testable import DeviceCertificates
@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// Devices whose answer was lost, and those that come back.
@Suite(.seated) struct LostAnswerTests {
  private func withAuthority(_ body: (Stage, DeviceStore) async throws -> Void) async throws {
    let fixture = try AuthorityFixture()
    try await withStage(authority: fixture) { stage in try await body(stage, stage.devices) }
  }

  @Test func aRepeatGetsTheSameAnswerItsCertificateToo() async throws {
    try await withAuthority { stage, _ in
      let (_, token) = try await stage.makeClaim(count: 1)
      let key = try P256.PrivateKey()
      let first = try await stage.enroll(token: token, serial: "SN-1", key: key)
      #expect(first.certificateChain != nil)
      for _ in 0..<3 { #expect(try await stage.enroll(token: token, serial: "SN-1", key: key) == first) }
      let row = try await stage.pool.queryFirst("select count(*) as count from provisioner.certificates")
      #expect(try row?["count"].int == 1)
    }
  }

  /// In batches side by side, and in one.
  @Test func whoeverAsksManyTimesAtOnceGetsOneCertificate() async throws {
    try await withAuthority { stage, _ in
      let (_, token) = try await stage.makeClaim(count: 1)
      let key = try P256.PrivateKey()
      let answers = try await withThrowingTaskGroup(of: Identity.self) { group in
        for _ in 0..<40 { group.addTask { try await stage.enroll(token: token, serial: "SN-1", key: key) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count == 40 && answers[0].certificateChain != nil)
      #expect(Set(answers.map(\.certificateChain)).count == 1)
      let row = try await stage.pool.queryFirst("select count(*) as count from provisioner.certificates")
      #expect(try row?["count"].int == 1)
    }
  }

  @Test func alsoWhenTheClaimExpiredOrWasUsedUpMeanwhile() async throws {
    try await withAuthority { stage, _ in
      let (id, token) = try await stage.makeClaim(count: 2)
      let key = try P256.PrivateKey()
      let first = try await stage.enroll(token: token, serial: "SN-1", key: key)
      _ = try await stage.enroll(token: token, serial: "SN-2", key: P256.PrivateKey())
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key) == first)
      try await stage.expire(id)
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key) == first)
      // Nobody else gets anything by it.
      for (serial, other) in [("SN-1", try P256.PrivateKey()), ("SN-3", key), ("SN-2", key)] {
        let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: serial, key: other) }
        #expect(failure?.reason == "claim-refused")
      }
      // What an operator took back stays taken back.
      _ = try await stage.claims.revoke(id)
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: key) }
      #expect(failure?.reason == "claim-refused")
    }
  }

  @Test func aDeviceThatWasRevokedComesBackAsItselfWithAnotherCertificate() async throws {
    try await withAuthority { stage, devices in
      let (_, token) = try await stage.makeClaim(count: 1)
      let key = try P256.PrivateKey()
      let before = try await stage.enroll(token: token, serial: "SN-1", key: key)
      let store = CertificateStore(pool: stage.pool)
      _ = try await store.revoke(before.device, reason: "stolen", requester: "a")
      let refused = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: key) }
      #expect(refused?.reason == "device-revoked")
      #expect(refused?.message.contains("recommission") == true)
      #expect(try await devices.reinstate(before.device))
      #expect(try await devices.reinstate(before.device) == false)
      // It has no certificate that is good, and nobody is told otherwise.
      let state = { () async throws -> EnrolledDevice.State? in
        try await devices.list(flagged: false, serial: "SN-1", after: nil, limit: 1).devices.first?.state
      }
      #expect(try await state() == .reserved)
      let after = try await stage.enroll(token: token, serial: "SN-1", key: key)
      #expect(try await state() == .enrolled)
      #expect(after.device == before.device)
      #expect(after.certificateChain != before.certificateChain)
      // The one that was taken back stays so.
      let row = try await stage.pool.queryFirst(
        "select count(*) filter (where revoked_at is null) as good, count(*) as all from provisioner.certificates")
      #expect(try row?["good"].int == 1)
      #expect(try row?["all"].int == 2)
    }
  }

  @Test func aDeviceWhoseSerialNumberWasResetComesBackUnlessAnotherTookItsPlace() async throws {
    try await withAuthority { stage, devices in
      let (_, token) = try await stage.makeClaim(count: 1)
      let (key, other) = (try P256.PrivateKey(), try P256.PrivateKey())
      let before = try await stage.enroll(token: token, serial: "SN-1", key: key)
      _ = try await devices.reset(serial: "SN-1", product: "sensor", requester: "test")
      let taken = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: key) }
      #expect(taken?.reason == "key-taken")
      #expect(taken?.message.contains("recommission") == true)
      #expect(try await devices.reinstate(before.device))
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key).device == before.device)
      _ = try await devices.reset(serial: "SN-1", product: "sensor", requester: "test")
      let replacement = try await stage.enroll(token: token, serial: "SN-1", key: other)
      #expect(replacement.device != before.device)
      let failure = await requestFailure { _ = try await devices.reinstate(before.device) }
      #expect(failure?.reason == "serial-replaced")
      #expect(await requestFailure { _ = try await devices.reinstate(.random()) }?.reason == "unknown-device")
    }
  }
}

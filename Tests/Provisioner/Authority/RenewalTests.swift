import Foundation
import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing

@testable import CertificateAuthority
@testable import DeviceCertificates

@Suite(.seated) struct RenewalTests {
  @Test func theOldCertificateStaysGood() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let old = try await replica.issue(device, key)
      try await replica.passTwoThirds()
      let new = try await replica.renew(device, key)
      #expect(new.certificate.serialNumber != old.certificate.serialNumber)
      let snapshot = try #require(replica.feed.current)
      for issued in [old, new] {
        let chain = [issued.certificate] + issued.issuers
        #expect(AuthorityFixture.refusal(of: chain, roots: snapshot.roots, lists: snapshot.lists) == nil)
      }
    }
  }

  @Test func anotherKeyIsRefused() async throws {
    try await withReplica { replica, _ in
      let device = DeviceID.random()
      _ = try await replica.issue(device, try P256.PrivateKey())
      let failure = await requestFailure { _ = try await replica.renew(device, P256.PrivateKey()) }
      #expect(failure?.reason == "other-key")
    }
  }

  @Test func aRevokedDeviceIsRefused() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.issue(device, key)
      try await replica.revoke(device)
      let failure = await requestFailure { _ = try await replica.renew(device, key) }
      #expect(failure?.reason == "device-revoked")
    }
  }

  @Test func aDeviceThatNeverEnrolledIsRefused() async throws {
    try await withReplica { replica, _ in
      let failure = await requestFailure { _ = try await replica.renew(.random(), P256.PrivateKey()) }
      #expect(failure?.reason == "not-enrolled")
    }
  }

  @Test func aGoodCertificateThatIsNotOnRecordIsRenewed() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let other = await requestFailure { _ = try await replica.renew(device, P256.PrivateKey(), showing: key) }
      #expect(other?.reason == "other-key")
      let first = try await replica.renew(device, key, showing: key)
      #expect(try await replica.store.standing(device)?.goodCount == 1)
      #expect(try await replica.renew(device, key, showing: key).certificate == first.certificate)
    }
  }

  @Test func whatTheDatabaseDoesNotKnowCanBeTakenBackAllTheSame() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.revocation.revoke(device, reason: "stolen", requester: "a")
      let failure = await requestFailure { _ = try await replica.renew(device, key, showing: key) }
      #expect(failure?.reason == "device-revoked")
      #expect(try await replica.store.standing(device) == nil)
    }
  }

  @Test func aClockThatJumpedAheadMakesNobodyForgetWhatWasIssued() async throws {
    try await withReplica { replica, _ in
      _ = try await replica.issue(.random(), P256.PrivateKey())
      // As if everything that was ever done were half a year ago.
      try await replica.pool.execute(
        """
        update provisioner.certificates set not_after = not_after - interval '183 days',
          not_before = not_before - interval '183 days', issued_at = issued_at - interval '183 days'
        """)
      #expect(try await replica.store.removeExpired() == 0)
      _ = try await replica.issue(.random(), P256.PrivateKey())
      #expect(try await replica.store.removeExpired() == 1)
    }
  }

  @Test func whatIsNoRequestIsRefused() async throws {
    try await withReplica { replica, _ in
      let failure = await requestFailure {
        _ = try await replica.renewal.renew(.random(), showing: nil, request: [1, 2, 3])
      }
      #expect(failure?.reason == "invalid-certificate-request")
    }
  }

  /// Its clock or disk would not have what it got.
  @Test func aDeviceThatAsksAgainAndAgainGetsTheSameAndIsNeverStopped() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let first = try await replica.issue(device, key)
      for _ in 0..<40 { #expect(try await replica.renew(device, key).certificate == first.certificate) }
      try await replica.passTwoThirds()
      let second = try await replica.renew(device, key)
      #expect(second.certificate != first.certificate)
      for _ in 0..<40 {
        let again = try await replica.renew(device, key)
        #expect(again.certificate == second.certificate)
        #expect(again.issuers == second.issuers)
      }
      #expect(try await replica.store.standing(device)?.goodCount == 2)
    }
  }

  @Test func askingSeveralTimesAtOnceMakesOneCertificate() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.issue(device, key)
      try await replica.passTwoThirds()
      let made = try await withThrowingTaskGroup(of: X509Certificate.self) { group in
        for _ in 0..<8 { group.addTask { try await replica.renew(device, key).certificate } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(made.count == 1)
      #expect(try await replica.store.standing(device)?.goodCount == 2)
    }
  }

  @Test func whatAReleaseBeforeThisOneIssuedIsRenewed() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let old = try await replica.issue(device, key)
      try await replica.pool.execute("update provisioner.certificates set certificate = null")
      #expect(try await replica.renew(device, key).certificate != old.certificate)
    }
  }
}

extension AuthorityReplica {
  /// Makes all certificates older by two thirds of their lives.
  func passTwoThirds() async throws {
    try await pool.execute(
      """
      update provisioner.certificates
      set issued_at = issued_at - (not_after - issued_at) * 2 / 3, not_after = not_after - (not_after - issued_at) * 2 / 3
      """)
  }
}

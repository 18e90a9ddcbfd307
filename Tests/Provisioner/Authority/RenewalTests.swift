import FirmwareImage
import Foundation
import OpenSSL
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import ProvisionerCore

@Suite struct RenewalTests {
  @Test func theOldCertificateStaysGood() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let old = try await replica.issue(device, key)
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
      let failure = await wireFailure { _ = try await replica.renew(device, P256.PrivateKey()) }
      #expect(failure?.reason == "other-key")
    }
  }

  @Test func aRevokedDeviceIsRefused() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.issue(device, key)
      _ = try await replica.revocation.revoke(device, reason: "lost", requester: "a")
      let failure = await wireFailure { _ = try await replica.renew(device, key) }
      #expect(failure?.reason == "device-revoked")
    }
  }

  @Test func aDeviceThatNeverEnrolledIsRefused() async throws {
    try await withReplica { replica, _ in
      let failure = await wireFailure { _ = try await replica.renew(.random(), P256.PrivateKey()) }
      #expect(failure?.reason == "not-enrolled")
    }
  }

  @Test func whatIsNoRequestIsRefused() async throws {
    try await withReplica { replica, _ in
      let failure = await wireFailure { _ = try await replica.renewal.renew(.random(), request: [1, 2, 3]) }
      #expect(failure?.reason == "invalid-certificate-request")
    }
  }

  @Test func aDeviceThatRenewsWithoutEndIsStopped() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.issue(device, key)
      for _ in 0..<31 { _ = try await replica.renew(device, key) }
      let failure = await wireFailure { _ = try await replica.renew(device, key) }
      #expect(failure?.reason == "too-many-certificates")
    }
  }

  @Test func `asking several times at once gives no more certificates`() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.issue(device, key)
      for _ in 0..<29 { _ = try await replica.renew(device, key) }
      let made = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 { group.addTask { (try? await replica.renew(device, key)) != nil } }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(made == 2)
      #expect(try await replica.store.standing(device)?.goodCount == 32)
    }
  }
}

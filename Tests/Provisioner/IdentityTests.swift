import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing

@testable import CertificateAuthority
@testable import DeviceCertificates
@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// Devices that get certificates.
@Suite(.seated) struct IdentityTests {
  private func withAuthority(_ body: (Stage, AuthorityFixture) async throws -> Void) async throws {
    let fixture = try AuthorityFixture()
    try await withStage(isInsecure: false, authority: fixture) { stage in
      stage.registry.publish(directorKey: [UInt8](repeating: 7, count: 32), rootDocument: Array("{}".utf8))
      try await body(stage, fixture)
    }
  }

  private func chain(_ identity: Identity) throws -> [X509Certificate] {
    try X509Certificate.all(pem: Array(#require(identity.certificateChain).utf8))
  }

  @Test func theCertificateIsForTheDevicesKeyAndIDWhateverTheRequestCallsIt() async throws {
    try await withAuthority { stage, fixture in
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: stage.makeClaim().token, serial: "SN-1", key: key)
      let chain = try chain(identity)
      #expect(chain[0].commonName == identity.device.description)
      #expect(chain[0].uris == ["urn:xtblish:device:\(identity.device)"])
      #expect(chain[0].subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo)
      let roots = try X509Certificate.all(pem: Array(#require(identity.trustRoots).utf8))
      let expected = try fixture.directory.load().roots
      #expect(roots == expected)
      #expect(AuthorityFixture.refusal(of: chain, roots: roots) == nil)
      #expect(AuthorityFixture.refusal(of: chain, roots: roots, usage: .server) == .wrongUsage)
    }
  }

  @Test func whoRepeatsLaterGetsANewCertificateForTheSameIdentityAndBothAreOnRecord() async throws {
    try await withAuthority { stage, _ in
      let (_, token) = try await stage.makeClaim(count: 1)
      let key = try P256.PrivateKey()
      let first = try await stage.enroll(token: token, serial: "SN-1", key: key)
      // Half of its life is over.
      try await stage.pool.execute(
        "update provisioner.certificates set issued_at = issued_at - interval '1 day', not_after = not_after - interval '59 minutes'"
      )
      let second = try await stage.enroll(token: token, serial: "SN-1", key: key)
      #expect(first.device == second.device)
      let numbers = [try chain(first)[0].serialNumber, try chain(second)[0].serialNumber]
      #expect(numbers[0] != numbers[1])
      let rows = try await stage.pool.query(
        "select serial_number, device_id from provisioner.certificates where device_id is not null")
      #expect(Set(try rows.map { try $0["serial_number"].bytes }) == Set(numbers))
      #expect(try rows.allSatisfy { try $0["device_id"].uuid == first.device.bytes })
    }
  }

  @Test func aRevokedDeviceGetsNoFurtherCertificateUntilTheOperatorResetsItsSerialNumber() async throws {
    try await withAuthority { stage, _ in
      let (_, token) = try await stage.makeClaim()
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: token, serial: "SN-1", key: key)
      _ = try await CertificateStore(pool: stage.pool).revoke(identity.device, reason: "lost", requester: "test")
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: key) }
      #expect(failure?.reason == "device-revoked")
      #expect(failure?.message.contains("devices reset SN-1") == true)
      _ = try await stage.devices.reset(serial: "SN-1", product: "sensor", requester: "test")
      let other = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: key) }
      #expect(other?.reason == "key-taken")
      let next = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey())
      #expect(next.device != identity.device)
    }
  }

  @Test func aResetTakesTheCertificateBack() async throws {
    try await withAuthority { stage, _ in
      let identity = try await stage.enroll(
        token: stage.makeClaim().token, serial: "SN-1", key: P256.PrivateKey())
      _ = try await stage.devices.reset(serial: "SN-1", product: "sensor", requester: "operator:ann")
      #expect(try await CertificateStore(pool: stage.pool).standing(identity.device)?.isRevoked == true)
      let open = try await stage.pool.queryFirst(
        "select count(*) as n from provisioner.certificates where device_id is not null and revoked_at is null")
      #expect(try open?["n"].int == 0)
    }
  }

  @Test func aDeviceThatOnlyPollsGetsNoCertificate() async throws {
    try await withAuthority { stage, _ in
      let identity = try await stage.enroll(token: stage.makeClaim().token, serial: "SN-1", isPollingOnly: true)
      #expect(identity.certificateChain == nil && identity.pollingToken != nil)
      #expect(identity.otp?.publicKeyHash == nil)
    }
  }

  @Test func aClaimsTextNamesTheRootByWhichDevicesKnowWhoAnswers() throws {
    let fixture = try AuthorityFixture()
    let authority = try fixture.directory.load()
    let secret = SecretText(text: "xtc_secret")
    let text = try ClaimTexts(issuer: LiveAuthority(authority, deviceLifetime: .seconds(60))).text(of: secret)
    let fingerprint = Hexadecimal.encode(try authority.roots[0].fingerprint.prefix(16))
    #expect(text == "xtc_secret.\(fingerprint)")
    #expect(ClaimText.secret(of: text) == secret)
  }
}

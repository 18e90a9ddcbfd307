import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// What devices burn.
@Suite(.seated) struct OTPTests {
  private static let directorKey = [UInt8](repeating: 7, count: 32)
  private static let document = Array(#"{"signed":"one"}"#.utf8)

  private func withTrust(_ body: (Stage, Identity, OTPAssignment, P256.PrivateKey, String) async throws -> Void)
    async throws
  {
    try await withStage { stage in
      stage.registry.publish(directorKey: Self.directorKey, rootDocument: Self.document)
      let (_, token) = try await stage.makeClaim()
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: token, serial: "SN-1", key: key)
      try await body(stage, identity, try #require(identity.otp), key, token)
    }
  }

  private func bank(_ program: OTPAssignment) -> OTPBankReport {
    OTPBankReport(
      deviceID: program.device.description, publicKeyHash: program.publicKeyHash.map { Hexadecimal.encode($0) },
      directorKey: Hexadecimal.encode(program.record.directorKey),
      rootDocumentHash: Hexadecimal.encode(program.record.rootDocumentHash),
      publisherSignatureRequired: program.record.isPublisherSignatureRequired, provisioned: true,
      securityEpoch: program.record.securityEpoch)
  }

  @Test func aDeviceIsToldWhatItWillTrustForEver() async throws {
    try await withTrust { _, identity, program, key, _ in
      #expect(program.device == identity.device)
      let keyHash = try key.publicKey.hash
      #expect(program.publicKeyHash == keyHash)
      #expect(program.record.directorKey == Self.directorKey)
      #expect(identity.rootDocument == Self.document)
      let documentHash = try SHA256.digest(of: Self.document)
      #expect(program.record.rootDocumentHash == documentHash)
      #expect(program.record.isPublisherSignatureRequired)
    }
  }

  @Test func aRepeatTellsItTheSameAsItMayHaveBurntItWhateverIsNewer() async throws {
    try await withTrust { stage, identity, program, key, token in
      stage.registry.publish(
        directorKey: [UInt8](repeating: 8, count: 32), rootDocument: Array(#"{"signed":"two"}"#.utf8))
      let later = RegistryTrustAnchors(registry: stage.registry, isInsecure: true)
      #expect(try await later.current()?.rootVersion == 2)
      let again = try await stage.enroll(token: token, serial: "SN-1", key: key)
      #expect(again.otp == program)
      #expect(again.rootDocument == Self.document)
    }
  }

  @Test func aBankThatAgreesIsNotFlagged() async throws {
    try await withTrust { stage, identity, program, _, _ in
      #expect(try await stage.otp.record(bank(program), of: identity.device) == [])
      let device = try #require(
        try await stage.devices.list(flagged: false, serial: nil, after: nil, limit: 1).devices.first)
      #expect(device.otpReportedAt != nil && device.otpDifferences.isEmpty)
      #expect(try await stage.devices.list(flagged: true, serial: nil, after: nil, limit: 1).devices.isEmpty)
    }
  }

  @Test func eachFieldThatDiffersFlagsTheDeviceUntilItAgrees() async throws {
    try await withTrust { stage, identity, program, _, _ in
      let changes: [(field: String, change: (inout OTPBankReport) -> Void)] = [
        ("deviceID", { $0.deviceID = DeviceID.random().description }), ("deviceID", { $0.deviceID = nil }),
        ("publicKeyHash", { $0.publicKeyHash = String(repeating: "0", count: 64) }),
        ("directorKey", { $0.directorKey = "ff" }), ("rootDocumentHash", { $0.rootDocumentHash = "" }),
        ("publisherSignatureRequired", { $0.publisherSignatureRequired = false }),
        ("provisioned", { $0.provisioned = false }), ("securityEpoch", { $0.securityEpoch = nil }),
      ]
      for (field, change) in changes {
        var report = bank(program)
        change(&report)
        let differences = try await stage.otp.record(report, of: identity.device)
        #expect(differences.count == 1 && differences[0].hasPrefix("\(field):"))
        let flagged = try await stage.devices.list(flagged: true, serial: nil, after: nil, limit: 10).devices
        #expect(flagged.map(\.id) == [identity.device])
        #expect(flagged.map(\.otpDifferences) == [differences])
        #expect(try await stage.otp.record(bank(program), of: identity.device) == [])
        #expect(try await stage.devices.list(flagged: true, serial: nil, after: nil, limit: 1).devices.isEmpty)
      }
    }
  }

  @Test func anEpochGrowsAndOneThatFellBackIsFlagged() async throws {
    try await withTrust { stage, identity, program, _, _ in
      var differences: [Int] = []
      // The lower one is not what counts from then on.
      for epoch: UInt32 in [5, 4, 4, 5] {
        var report = bank(program)
        report.securityEpoch = epoch
        differences.append(try await stage.otp.record(report, of: identity.device).count)
      }
      #expect(differences == [0, 1, 1, 0])
    }
  }

  @Test func aDevicesWordsReachTheOperatorWithoutControlCharacters() async throws {
    try await withTrust { stage, identity, program, _, _ in
      var report = bank(program)
      report.directorKey = "\u{1B}[2J" + String(repeating: "x", count: 5000)
      let difference = try #require(try await stage.otp.record(report, of: identity.device).first)
      #expect(difference.utf8.count < 300)
      #expect(difference.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }
  }

  @Test func aDeviceThatNobodyEnrolledHasNoRecord() async throws {
    try await withTrust { stage, _, program, _, _ in
      let failure = await requestFailure { _ = try await stage.otp.record(bank(program), of: .random()) }
      #expect(failure?.reason == "unknown-device")
    }
  }

  @Test func withCertificatesOnNobodyEnrolsBeforeThereIsSomethingToTrust() async throws {
    try await withStage(isInsecure: false) { stage in
      let (id, token) = try await stage.makeClaim()
      let key = try P256.PrivateKey()
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1", key: key) }
      #expect(failure?.reason == "no-root-document")
      #expect(failure?.code == .unavailable)
      #expect(try await stage.claims.claim(id).used == 0)
      stage.registry.publish(directorKey: Self.directorKey, rootDocument: Self.document)
      #expect(try await stage.enroll(token: token, serial: "SN-1", key: key).otp != nil)
    }
  }
}

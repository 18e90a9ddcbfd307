import Foundation
import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// Devices that come with a factory's certificate.
@Suite(.seated) struct FactoryTests {
  private struct Factory: Sendable {
    let key: P256.PrivateKey
    let certificate: X509Certificate

    init(
      isAuthority: Bool = true, ends: TimeInterval = 3600, parent: X509Certificate? = nil,
      parentKey: P256.PrivateKey? = nil
    ) throws {
      key = try P256.PrivateKey()
      certificate = try X509Certificate(
        CertificateTemplate(
          commonName: "factory", kind: isAuthority ? .authority(pathLength: 1) : .leaf([.client]),
          notBefore: Date(timeIntervalSinceNow: -7200), notAfter: Date(timeIntervalSinceNow: ends)),
        for: key.publicKey, issuer: parent, issuerKey: parentKey ?? key)
    }

    /// A board as it leaves the factory.
    func board(
      _ serial: String, ends: TimeInterval = 3600, signedBy: P256.PrivateKey? = nil,
      kind: CertificateTemplate.Kind = .leaf([.client])
    ) throws -> Board {
      let key = try P256.PrivateKey()
      let certificate = try X509Certificate(
        CertificateTemplate(
          commonName: serial, kind: kind, notBefore: Date(timeIntervalSinceNow: -7200),
          notAfter: Date(timeIntervalSinceNow: ends)),
        for: key.publicKey, issuer: self.certificate, issuerKey: signedBy ?? self.key)
      return Board(key: key, pem: try certificate.pem)
    }
  }

  private struct Board: Sendable {
    let key: P256.PrivateKey
    var pem: String

    /// - Parameter signer: nil: the factory's key, as it should be.
    func request(
      _ deviceKey: P256.PrivateKey, serial: String = "", claim: String = "", signer: P256.PrivateKey? = nil
    ) throws -> EnrolmentRequest {
      let request = try CertificateRequest(key: deviceKey, commonName: "new")
      return EnrolmentRequest(
        claim: claim, serial: serial, certificateRequest: request.der,
        factoryProof: FactoryProof(
          certificates: pem, signature: try (signer ?? key).signature(for: request.der)))
    }
  }

  private func withFactory(_ body: (Stage, Factory) async throws -> Void) async throws {
    try await withStage { stage in
      let factory = try Factory()
      _ = try await add(factory, stage)
      try await body(stage, factory)
    }
  }

  private func add(_ factory: Factory, _ stage: Stage) async throws -> FactoryAuthority {
    try await stage.factories.add(
      certificate: try factory.certificate.pem,
      placement: DevicePlacement(product: "pump", group: "plant", tags: []), namePrefix: "pump")
  }

  private func refusal(_ stage: Stage, _ request: EnrolmentRequest) async -> String? {
    await requestFailure { _ = try await stage.enroller.enroll(request) }?.reason
  }

  @Test func aBoardOfAKnownFactoryEnrolsJustInTimeAndAgainAsTheSameDevice() async throws {
    try await withFactory { stage, factory in
      let (board, key) = (try factory.board("SN-1"), try P256.PrivateKey())
      let identity = try await stage.enroller.enroll(board.request(key))
      #expect(identity.name == "pump-SN-1")
      #expect(stage.registry.devices[identity.device]?.serial == "SN-1")
      #expect(stage.registry.devices[identity.device]?.tags == ["group:plant"])
      #expect(try await stage.enroller.enroll(board.request(key, serial: "SN-1")) == identity)
      #expect(try await stage.factories.list().map(\.deviceCount) == [1])
      #expect(await refusal(stage, try board.request(try P256.PrivateKey())) == "serial-taken")
    }
  }

  @Test func aFactorysCAMayBeBelowAnotherOneThatIsNotKnownHere() async throws {
    try await withStage { stage in
      let root = try P256.PrivateKey()
      let parent = try X509Certificate(
        CertificateTemplate(
          commonName: "root", kind: .authority(pathLength: nil), notBefore: Date(timeIntervalSinceNow: -7200),
          notAfter: Date(timeIntervalSinceNow: 3600)),
        for: root.publicKey, issuer: nil, issuerKey: root)
      let factory = try Factory(parent: parent, parentKey: root)
      _ = try await add(factory, stage)
      let identity = try await stage.enroller.enroll(factory.board("SN-1").request(P256.PrivateKey()))
      #expect(identity.name == "pump-SN-1")
    }
  }

  @Test func aCertificateOfAnotherCAAlsoOfTheSameNameIsRefused() async throws {
    try await withFactory { stage, factory in
      let key = try P256.PrivateKey()
      let stranger = await refusal(stage, try Factory().board("SN-1").request(key))
      #expect(stranger?.hasPrefix("factory-certificate-") == true)
      let forged = await refusal(stage, try factory.board("SN-1", signedBy: P256.PrivateKey()).request(key))
      #expect(forged?.hasPrefix("factory-certificate-") == true)
      #expect(stage.registry.devices.isEmpty)
    }
  }

  @Test func anExpiredCertificateIsRefused() async throws {
    try await withFactory { stage, factory in
      let reason = await refusal(stage, try factory.board("SN-1", ends: -60).request(P256.PrivateKey()))
      #expect(reason == "factory-certificate-expired")
    }
  }

  @Test func aCertificateThatIsNotForADeviceIsRefused() async throws {
    try await withFactory { stage, factory in
      let key = try P256.PrivateKey()
      let other = try factory.board("SN-1", kind: .leaf([.server]))
      #expect(await refusal(stage, try other.request(key)) == "factory-certificate-wrong-usage")
      // The factory's own certificate, and one below it.
      for kind in [CertificateTemplate.Kind.authority(pathLength: nil), .authority(pathLength: 0)] {
        let board = try factory.board("SN-1", kind: kind)
        #expect(await refusal(stage, try board.request(key)) == "factory-certificate-wrong-usage")
      }
      let own = Board(key: factory.key, pem: try factory.certificate.pem)
      #expect(await refusal(stage, try own.request(key)) == "factory-certificate-wrong-usage")
      #expect(stage.registry.devices.isEmpty)
    }
  }

  /// Made by openssl(1), as nothing here makes such keys.
  @Test(arguments: [
    ("rsa:1024", false), ("rsa:2048", true), ("ed25519", true), ("ec:P-384", true), ("ec:secp256k1", false),
    ("ec:P-224", false),
  ])
  func keysThatMayBeForgedAreRefused(kind: String, isTaken: Bool) async throws {
    try await withStage { stage in
      let folder = try TemporaryFolder("xtblish-factory")
      let factory = try Factory()
      try writeFile(folder.path("ca.pem"), try factory.certificate.pem)
      try writeFile(folder.path("ca.key"), String(decoding: try factory.key.pem(), as: UTF8.self))
      try writeFile(
        folder.path("config"),
        """
        [req]
        distinguished_name = name
        x509_extensions = board
        [name]
        [board]
        basicConstraints = critical, CA:FALSE
        keyUsage = critical, digitalSignature

        """)
      let parts = kind.split(separator: ":")
      let making =
        switch parts[0] {
        case "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(parts[1])"]
        case "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(parts[1])"]
        default: ["-algorithm", "ED25519"]
        }
      _ = try await runProgram("openssl", ["genpkey", "-out", folder.path("b.key")] + making)
      _ = try await runProgram(
        "openssl",
        [
          "req", "-x509", "-new", "-key", folder.path("b.key"), "-CA", folder.path("ca.pem"), "-CAkey",
          folder.path("ca.key"), "-subj", "/CN=SN-1", "-days", "1", "-config", folder.path("config"), "-out",
          folder.path("b.pem"),
        ])
      let request = try CertificateRequest(key: P256.PrivateKey(), commonName: "new")
      try Data(request.der).write(to: URL(filePath: folder.path("request")))
      let raw = kind == "ed25519" ? ["pkeyutl", "-sign", "-rawin", "-inkey"] : ["dgst", "-sha256", "-sign"]
      let input = kind == "ed25519" ? ["-in", folder.path("request")] : [folder.path("request")]
      _ = try await runProgram("openssl", raw + [folder.path("b.key"), "-out", folder.path("signature")] + input)
      _ = try await add(factory, stage)
      let answer = await requestFailure {
        _ = try await stage.enroller.enroll(
          EnrolmentRequest(
            claim: "", serial: "", certificateRequest: request.der,
            factoryProof: FactoryProof(
              certificates: readFile(folder.path("b.pem")) ?? "",
              signature: Array(try Data(contentsOf: URL(filePath: folder.path("signature")))))))
      }
      #expect(answer?.reason == (isTaken ? nil : "factory-certificate-weak"))
      #expect(stage.registry.devices.count == (isTaken ? 1 : 0))
    }
  }

  @Test func aSerialNumberThatIsTakenIsNamed() async throws {
    try await withFactory { stage, factory in
      let board = try factory.board("SN-1")
      _ = try await stage.enroller.enroll(board.request(P256.PrivateKey()))
      let failure = await requestFailure { _ = try await stage.enroller.enroll(board.request(P256.PrivateKey())) }
      #expect(failure?.reason == "serial-taken")
      #expect(failure?.message.contains("serial number SN-1.") == true)
    }
  }

  @Test func aCertificateWithoutItsKeyIsWorthNothing() async throws {
    try await withFactory { stage, factory in
      let (board, key) = (try factory.board("SN-1"), try P256.PrivateKey())
      let stolen = try board.request(key, signer: P256.PrivateKey())
      #expect(await refusal(stage, stolen) == "factory-signature-wrong")
      // A signature of the board's over another request.
      var replayed = try board.request(P256.PrivateKey())
      replayed.certificateRequest = try CertificateRequest(key: key, commonName: "new").der
      #expect(await refusal(stage, replayed) == "factory-signature-wrong")
    }
  }

  @Test func itDoesNotChooseItsSerialNumberNorBringAClaim() async throws {
    try await withFactory { stage, factory in
      let (board, key) = (try factory.board("SN-1"), try P256.PrivateKey())
      #expect(await refusal(stage, try board.request(key, serial: "SN-2")) == "invalid-serial")
      #expect(await refusal(stage, try board.request(key, claim: "xtc_x")) == "invalid-claim")
    }
  }

  @Test func aCAThatWasRemovedLetsNoFurtherBoardInAndAddedAgainItDoes() async throws {
    try await withFactory { stage, factory in
      let id = try factory.certificate.fingerprint
      #expect(try await stage.factories.remove(id))
      #expect(try await stage.factories.remove(id) == false)
      let key = try P256.PrivateKey()
      let board = try factory.board("SN-1")
      #expect(await refusal(stage, try board.request(key)) == "factory-certificate-unknown-issuer")
      _ = try await add(factory, stage)
      #expect(try await stage.enroller.enroll(board.request(key)).name == "pump-SN-1")
    }
  }

  @Test func onlyACAThatIsInForceIsTakenAsOne() async throws {
    try await withStage { stage in
      #expect(
        await requestFailure { _ = try await add(Factory(isAuthority: false), stage) }?.reason == "invalid-certificate")
      #expect(await requestFailure { _ = try await add(Factory(ends: -60), stage) }?.reason == "invalid-certificate")
    }
  }

  @Test(arguments: ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func whatIsNoChainIsRefused(_ pem: String) async throws {
    try await withFactory { stage, factory in
      var board = try factory.board("SN-1")
      board.pem = pem
      #expect(await refusal(stage, try board.request(P256.PrivateKey())) == "invalid-factoryCertificate")
    }
  }

  @Test func aChainThatIsTooLongIsNotLookedAt() async throws {
    try await withFactory { stage, factory in
      var board = try factory.board("SN-1")
      board.pem = String(repeating: board.pem, count: 5)
      #expect(await refusal(stage, try board.request(P256.PrivateKey())) == "invalid-factoryCertificate")
    }
  }
}

import FoundationEssentials
import OpenSSL
import PostgreSQL
import Testing
import Wire

@testable import ProvisionerCore

/// Devices that come with a factory's certificate.
@Suite struct FactoryTests {
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
          commonName: "factory", kind: isAuthority ? .authority(pathLength: 0) : .leaf([.client]),
          notBefore: Date(timeIntervalSinceNow: -7200), notAfter: Date(timeIntervalSinceNow: ends)),
        for: key.publicKey, issuer: parent, issuerKey: parentKey ?? key)
    }

    /// A board as it leaves the factory.
    func board(_ serial: String, ends: TimeInterval = 3600, signedBy: P256.PrivateKey? = nil) throws -> Board {
      let key = try P256.PrivateKey()
      let certificate = try X509Certificate(
        CertificateTemplate(
          commonName: serial, kind: .leaf([.client]), notBefore: Date(timeIntervalSinceNow: -7200),
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
    await wireFailure { _ = try await stage.enroller.enroll(request) }?.reason
  }

  @Test func `a board of a known factory enrols just in time, and again as the same device`() async throws {
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

  @Test func `a factory's CA may be below another one that is not known here`() async throws {
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

  @Test func `a certificate of another CA, also of the same name, is refused`() async throws {
    try await withFactory { stage, factory in
      let key = try P256.PrivateKey()
      let stranger = await refusal(stage, try Factory().board("SN-1").request(key))
      #expect(stranger?.hasPrefix("factory-certificate-") == true)
      let forged = await refusal(stage, try factory.board("SN-1", signedBy: P256.PrivateKey()).request(key))
      #expect(forged?.hasPrefix("factory-certificate-") == true)
      #expect(stage.registry.devices.isEmpty)
    }
  }

  @Test func `an expired certificate is refused`() async throws {
    try await withFactory { stage, factory in
      let reason = await refusal(stage, try factory.board("SN-1", ends: -60).request(P256.PrivateKey()))
      #expect(reason == "factory-certificate-expired")
    }
  }

  @Test func `a certificate without its key is worth nothing`() async throws {
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

  @Test func `it does not choose its serial number, nor bring a claim`() async throws {
    try await withFactory { stage, factory in
      let (board, key) = (try factory.board("SN-1"), try P256.PrivateKey())
      #expect(await refusal(stage, try board.request(key, serial: "SN-2")) == "invalid-serial")
      #expect(await refusal(stage, try board.request(key, claim: "xtc_x")) == "invalid-claim")
    }
  }

  @Test func `a CA that was removed lets no further board in, and added again it does`() async throws {
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

  @Test func `only a CA that is in force is taken as one`() async throws {
    try await withStage { stage in
      #expect(
        await wireFailure { _ = try await add(Factory(isAuthority: false), stage) }?.reason == "invalid-certificate")
      #expect(await wireFailure { _ = try await add(Factory(ends: -60), stage) }?.reason == "invalid-certificate")
    }
  }

  @Test(arguments: ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func `what is no chain is refused`(_ pem: String) async throws {
    try await withFactory { stage, factory in
      var board = try factory.board("SN-1")
      board.pem = pem
      #expect(await refusal(stage, try board.request(P256.PrivateKey())) == "invalid-factoryCertificate")
    }
  }

  @Test func `a chain that is too long is not looked at`() async throws {
    try await withFactory { stage, factory in
      var board = try factory.board("SN-1")
      board.pem = String(repeating: board.pem, count: 5)
      #expect(await refusal(stage, try board.request(P256.PrivateKey())) == "invalid-factoryCertificate")
    }
  }
}

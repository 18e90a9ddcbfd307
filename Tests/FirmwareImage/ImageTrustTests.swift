import FirmwareImage
import Foundations
import OpenSSL
import TestSupport
import Testing

@Suite(.seated) struct ImageTrustTests {
  private let parties: SigningParties

  init() throws { parties = try SigningParties() }

  private func reason(_ image: [UInt8], _ trust: ImageTrust, for device: DeviceID? = GoldenImage.device) -> String? {
    do throws(ImageFormatError) {
      _ = try VerifiedImage.verifying(image, for: device, trust: trust)
      return nil
    } catch { return error.reason }
  }

  @Test func anImageSignedByBothIsTaken() throws {
    let image = try parties.image(publisher: parties.publisher, director: parties.director)
    #expect(reason(image, try parties.trust()) == nil)
    #expect(reason(image, try parties.trust(apps: .named([AppLabel("sensor")]))) == nil)
  }

  @Test func eachRefusalHasItsReason() throws {
    let (publisher, director, stranger) = (parties.publisher, parties.director, try Ed25519.PrivateKey())
    let trust = try parties.trust(
      apps: .named([AppLabel("sensor")]), lowestVersion: 5, lowestSecurityEpoch: 2, highestHostAPILevel: 1)
    let cases: [([UInt8], String)] = [
      (try parties.image(publisher: publisher, director: nil), "image-director-signature-missing"),
      (try parties.image(publisher: publisher, director: stranger), "image-director-key-unknown"),
      (try parties.image(publisher: publisher, director: publisher), "image-director-key-unknown"),
      (try parties.image(publisher: nil, director: director), "image-publisher-signature-missing"),
      (try parties.image(publisher: stranger, director: director), "image-publisher-key-unknown"),
      (try parties.image(publisher: director, director: director), "image-publisher-key-unknown"),
      (try parties.image(name: "valve", publisher: publisher, director: director), "image-publisher-not-delegated"),
      (try parties.image(name: "", publisher: publisher, director: director), "image-publisher-not-delegated"),
      (try parties.image(device: .random(), publisher: publisher, director: director), "image-device-mismatch"),
      (try parties.image(version: 4, publisher: publisher, director: director), "image-version-too-low"),
      (try parties.image(epoch: 1, publisher: publisher, director: director), "image-security-epoch-too-low"),
      (try parties.image(level: 2, publisher: publisher, director: director), "image-host-api-level-too-high"),
      (
        try assemble(ImageConfiguration.plain(device: GoldenImage.device).encoded(), GoldenImage.wasm),
        "image-director-signature-missing"
      ),
    ]
    for (image, expected) in cases { #expect(reason(image, trust) == expected) }
  }

  /// What comes first in the order of trust is what is said, however much else is wrong.
  @Test func trustIsCheckedInItsOrder() throws {
    let stranger = try Ed25519.PrivateKey()
    let trust = try parties.trust(
      apps: .named([AppLabel("sensor")]), lowestVersion: 5, lowestSecurityEpoch: 2, highestHostAPILevel: 1)
    func image(
      _ publisher: Ed25519.PrivateKey, _ director: Ed25519.PrivateKey, device: DeviceID = .random(),
      version: UInt64 = 4, epoch: UInt32 = 1
    ) throws -> [UInt8] {
      try parties.image(
        device: device, version: version, epoch: epoch, level: 2, publisher: publisher, director: director)
    }
    let (good, director, device) = (parties.publisher, parties.director, GoldenImage.device)
    var wrongHash = try image(stranger, stranger)
    wrongHash[0] ^= 1
    #expect(reason(wrongHash, trust) == "image-hash-mismatch")
    #expect(reason(try image(stranger, stranger), trust) == "image-director-key-unknown")
    #expect(reason(try image(stranger, director), trust) == "image-publisher-key-unknown")
    #expect(reason(try image(good, director), trust) == "image-device-mismatch")
    #expect(reason(try image(good, director, device: device), trust) == "image-version-too-low")
    #expect(reason(try image(good, director, device: device, version: 5), trust) == "image-security-epoch-too-low")
    #expect(
      reason(try image(good, director, device: device, version: 5, epoch: 2), trust) == "image-host-api-level-too-high")
  }

  /// Each byte of the configuration changed, and the hash made right again, as a thief of the server would.
  @Test func eachSignedByteCounts() throws {
    let image = try parties.image(publisher: parties.publisher, director: parties.director)
    let trust = try parties.trust()
    for offset in 32..<544 {
      var changed = image
      changed[offset] ^= 1
      let forged = try assemble(Array(changed[32..<544]), Array(changed[544...]))
      let found = try #require(reason(forged, trust, for: nil), "byte \(offset)")
      let expected: Set<String> =
        switch offset {
        case 32..<48, 104..<112, 184..<248: ["image-director-signature-wrong"]
        case 56..<64: ["image-director-signature-wrong", "image-firmware-version"]
        case 112..<176: ["image-director-signature-wrong", "image-label"]
        case 176..<184: ["image-director-signature-wrong"]
        case 64..<72: ["image-wasm-length"]
        case 72..<104: ["image-wasm-digest-mismatch"]
        case 248..<256: ["image-director-key-unknown"]
        case 256..<320: ["image-director-signature-wrong"]
        default: ["image-reserved-area", "image-version-unsupported"]
        }
      #expect(expected.contains(found), "byte \(offset): \(found)")
    }
  }

  /// The director can't make an app: what it changes of the publisher's statement, and signs, is refused.
  @Test func theDirectorCannotChangeWhatThePublisherSigned() throws {
    let signed = try ImageHeader(
      decoding: parties.image(publisher: parties.publisher, director: parties.director).prefix(544))
    let manifest = try #require(signed.configuration.manifest)
    let (app, trust) = (manifest.app, try parties.trust(highestHostAPILevel: 9))
    func described(epoch: UInt32? = nil, level: UInt32? = nil, name: AppLabel? = nil, version: AppLabel? = nil) throws
      -> AppDescription
    {
      try AppDescription(
        wasmLength: app.wasmLength, wasmDigest: app.wasmDigest, securityEpoch: epoch ?? app.securityEpoch,
        hostAPILevel: level ?? app.hostAPILevel, name: name ?? app.name, version: version ?? app.version)
    }
    for other in try [
      described(epoch: 3), described(level: 0), described(name: AppLabel("valve")), described(version: AppLabel("9")),
    ] {
      let configuration = try ImageConfiguration(
        device: GoldenImage.device,
        manifest: ImageManifest(firmwareVersion: 5, app: other, publisher: manifest.publisher)
      ).signed(byDirector: parties.director)
      let image = try assemble(configuration.encoded(), GoldenImage.wasm)
      #expect(reason(image, trust) == "image-publisher-signature-wrong")
    }
    let otherWasm = GoldenImage.wasm + [0, 2, 1, 0x78]
    let app2 = try AppDescription(
      wasmLength: UInt64(otherWasm.count), wasmDigest: SHA256Digest.of(otherWasm), securityEpoch: app.securityEpoch,
      hostAPILevel: app.hostAPILevel, name: app.name, version: app.version)
    let configuration = try ImageConfiguration(
      device: GoldenImage.device, manifest: ImageManifest(firmwareVersion: 5, app: app2, publisher: manifest.publisher)
    ).signed(byDirector: parties.director)
    #expect(reason(try assemble(configuration.encoded(), otherWasm), trust) == "image-publisher-signature-wrong")
  }

  @Test func aPublisherThatNobodyRequiresMustStillBeRight() throws {
    let trust = try parties.trust(isPublisherRequired: false)
    #expect(reason(try parties.image(publisher: nil, director: parties.director), trust) == nil)
    let stranger = try parties.image(publisher: Ed25519.PrivateKey(), director: parties.director)
    #expect(reason(stranger, trust) == "image-publisher-key-unknown")
  }

  @Test func unsignedTrustStillKeepsVersionEpochAndLevel() throws {
    let image = try parties.image(publisher: nil, director: nil)
    #expect(reason(image, .unsigned()) == nil)
    #expect(reason(image, .unsigned(lowestVersion: 6)) == "image-version-too-low")
    #expect(reason(image, .unsigned(lowestSecurityEpoch: 3)) == "image-security-epoch-too-low")
    #expect(reason(image, .unsigned(highestHostAPILevel: 0)) == "image-host-api-level-too-high")
    #expect(reason(image, .unsigned(), for: .random()) == "image-device-mismatch")
  }
}

import Curl
import FirmwareImage
import Foundations
import OpenSSL
import RootDocument
import TestSupport
import Testing

@testable import DeviceCredentials
@testable import DeviceProtocol
@testable import DeviceStorage

/// What a device with burnt fuses takes, and why not what it doesn't.
@Suite(.seated) struct DeviceTrustTests {
  struct Bench {
    var signers: TestSigners
    let device = DeviceID.random()
    let bank = InMemoryOTPBank()
    let flash = InMemoryFlash()
    let trust: DeviceTrust

    init(epoch: UInt32 = 0, apps: PublisherDelegation.Apps = .any, isPublisherRequired: Bool = true) throws {
      signers = try TestSigners()
      let first = try signers.document(1, apps: apps)
      try RootDocumentStore.save(first: first, to: flash)
      try OTPProgram(
        deviceID: device, publicKeyHash: String(repeating: "01", count: 32),
        directorKey: Hexadecimal.encode(try signers.director.publicKey().rawRepresentation),
        rootDocumentHash: SHA256Digest.of(first).hex, publisherSignatureRequired: isPublisherRequired,
        securityEpoch: epoch
      ).apply(to: bank)
      trust = DeviceTrust(
        bank: bank,
        documents: try RootDocumentStore(flash: flash, pin: SHA256Digest.of(first), urls: [], http: HTTPClient()))
    }

    /// Why the image is refused; nil if it isn't.
    func refusal(_ bytes: [UInt8], lowestVersion: UInt64 = 1) throws -> String? {
      do {
        _ = try VerifiedImage.verifying(
          bytes, for: device, trust: try trust.forNewImage(lowestVersion: lowestVersion))
        return nil
      } catch let error as ImageFormatError {
        return error.reason
      }
    }

    func image(_ version: UInt64 = 5, hostAPILevel: UInt32 = 1, epoch: UInt32 = 3) throws -> TestImage {
      try TestImage(device: device, version: version, hostAPILevel: hostAPILevel, securityEpoch: epoch)
    }
  }

  @Test func anImageThatBothSignedIsTaken() throws {
    let bench = try Bench()
    let image = try bench.image().signed(director: bench.signers.director, publisher: bench.signers.publisher)
    #expect(try bench.refusal(image.bytes) == nil)
  }

  /// Whoever may sign every app may not thereby replace the agent.
  @Test func keysOfRuntimesAreDelegatedByNameAlone() throws {
    func keys(_ apps: PublisherDelegation.Apps, now: UTCTime = .now) throws -> Int {
      try Bench(apps: apps).trust.keys(delegatedFor: "xtblish-runtime", now: now).count
    }
    #expect(try keys(.any) == 0)
    #expect(try keys(.named([AppLabel("sensor")])) == 0)
    #expect(try keys(.named([AppLabel("sensor"), AppLabel("xtblish-runtime")])) == 1)
    #expect(try DeviceTrust.unsigned.keys(delegatedFor: "xtblish-runtime").isEmpty)
    let late = UTCTime(secondsSince1970: UTCTime.now.secondsSince1970 + 2 * 86_400)
    #expect(throws: RootDocumentError.self) { try keys(.named([AppLabel("xtblish-runtime")]), now: late) }
  }

  /// Offsets in the image, as ARCHITECTURE.md has them.
  static let fields: [(field: String, offset: Int, reason: String)] = [
    ("device ID", 32, "image-director-signature-wrong"),
    ("firmware version", 56, "image-director-signature-wrong"),
    ("security epoch", 104, "image-director-signature-wrong"),
    ("host API level", 108, "image-director-signature-wrong"),
    ("app name", 112, "image-director-signature-wrong"),
    ("app version", 144, "image-director-signature-wrong"),
    ("publisher key ID", 176, "image-director-signature-wrong"),
    ("publisher's signature", 184, "image-director-signature-wrong"),
    ("director key ID", 248, "image-director-key-unknown"),
    ("director's signature", 256, "image-director-signature-wrong"),
    ("magic", 48, "image-reserved-area"), ("header version", 52, "image-version-unsupported"),
    ("flags", 54, "image-version-unsupported"), ("padding", 320, "image-reserved-area"),
    ("wasm length", 64, "image-wasm-length"), ("wasm digest", 72, "image-wasm-digest-mismatch"),
  ]

  /// Whoever holds the image, and no key, can make its hash fit again, and nothing else.
  @Test(arguments: 0..<fields.count) func aChangedFieldIsRefused(_ index: Int) throws {
    let (field, offset, reason) = Self.fields[index]
    let bench = try Bench()
    let image = try bench.image().signed(director: bench.signers.director, publisher: bench.signers.publisher)
    var configuration = Array(image.bytes[32..<ImageHeader.byteCount])
    configuration[offset - 32] ^= 1
    #expect(try bench.refusal(image.with(configuration: configuration).bytes) == reason, "\(field)")
    // Without that, the hash tells.
    var bytes = image.bytes
    bytes[offset] ^= 1
    #expect(try bench.refusal(bytes) != nil, "\(field)")
  }

  @Test func aChangedModuleOrHashIsRefused() throws {
    let bench = try Bench()
    let good = try bench.image().signed(director: bench.signers.director, publisher: bench.signers.publisher).bytes
    var module = good
    module[good.count - 1] ^= 1
    #expect(try bench.refusal(module) == "image-hash-mismatch")
    var hash = good
    hash[0] ^= 1
    #expect(try bench.refusal(hash) == "image-hash-mismatch")
    #expect(try bench.refusal(Array(good.dropLast())) != nil)
    #expect(try bench.refusal(good + [0]) != nil)
    // The header of one image before the module of another.
    let other = try bench.image(6).signed(director: bench.signers.director, publisher: bench.signers.publisher).bytes
    #expect(try bench.refusal(Array(good.prefix(544)) + other.dropFirst(544)) != nil)
  }

  /// A director that cheats can't change what the publisher signed.
  @Test func aDirectorAloneMakesNoApp() throws {
    let bench = try Bench()
    let (director, publisher) = (bench.signers.director, bench.signers.publisher)
    let changes: [(AppDescription) throws -> AppDescription] = [
      { try $0.with(epoch: 9) }, { try $0.with(level: 0) }, { try $0.with(name: "other") },
      { try $0.with(version: "9.9") },
    ]
    for change in changes {
      let image = try bench.image().signed(director: director, publisher: publisher, app: change)
      #expect(try bench.refusal(image.bytes) == "image-publisher-signature-wrong")
    }
    let unsigned = try bench.image().signed(director: director, publisher: nil)
    #expect(try bench.refusal(unsigned.bytes) == "image-publisher-signature-missing")
    let stranger = try bench.image().signed(director: director, publisher: try Ed25519.PrivateKey())
    #expect(try bench.refusal(stranger.bytes) == "image-publisher-key-unknown")
    let itself = try bench.image().signed(director: director, publisher: director)
    #expect(try bench.refusal(itself.bytes) == "image-publisher-key-unknown")
  }

  @Test func aPublisherAloneChoosesNoDevice() throws {
    let bench = try Bench()
    let publisher = bench.signers.publisher
    #expect(
      try bench.refusal(bench.image().signed(director: nil, publisher: publisher).bytes)
        == "image-director-signature-missing")
    #expect(
      try bench.refusal(bench.image().signed(director: publisher, publisher: publisher).bytes)
        == "image-director-key-unknown")
    #expect(
      try bench.refusal(TestImage(plain: bench.device, version: 5).bytes) == "image-director-signature-missing")
  }

  @Test func aPublisherSignsForItsOwnAppsOnly() throws {
    for (app, reason) in [("sensor", nil), ("pump", "image-publisher-not-delegated")] {
      let bench = try Bench(apps: .named([try AppLabel(app)]))
      let image = try bench.image().signed(director: bench.signers.director, publisher: bench.signers.publisher)
      #expect(try bench.refusal(image.bytes) == reason)
    }
  }

  @Test func theReasonsComeInTheOrderOfTrust() throws {
    let bench = try Bench(epoch: 4)
    let (director, publisher) = (bench.signers.director, bench.signers.publisher)
    func refusal(_ device: DeviceID, version: UInt64, epoch: UInt32, level: UInt32) throws -> String? {
      let image = try TestImage(device: device, version: version, hostAPILevel: level, securityEpoch: epoch)
      return try bench.refusal(image.signed(director: director, publisher: publisher).bytes, lowestVersion: 5)
    }
    let (other, own) = (DeviceID.random(), bench.device)
    #expect(try refusal(other, version: 4, epoch: 3, level: 99) == "image-device-mismatch")
    #expect(try refusal(own, version: 4, epoch: 3, level: 99) == "image-version-too-low")
    #expect(try refusal(own, version: 5, epoch: 3, level: 99) == "image-security-epoch-too-low")
    #expect(try refusal(own, version: 5, epoch: 4, level: 99) == "image-host-api-level-too-high")
    #expect(try refusal(own, version: 5, epoch: 4, level: HostInterface.level) == nil)
  }

  @Test func aPublisherIsRequiredWhereTheFusesSaySo() throws {
    let bench = try Bench(isPublisherRequired: false)
    let director = bench.signers.director
    #expect(try bench.refusal(bench.image().signed(director: director, publisher: nil).bytes) == nil)
    // One that is there must be good all the same.
    let stranger = try bench.image().signed(director: director, publisher: try Ed25519.PrivateKey())
    #expect(try bench.refusal(stranger.bytes) == "image-publisher-key-unknown")
  }

  @Test func whatWasTakenWhileItsKeysWereGoodGoesOnRunning() async throws {
    var bench = try Bench()
    let image = try bench.image().signed(director: bench.signers.director, publisher: bench.signers.publisher)
    (bench.signers.director, bench.signers.publisher) = (try Ed25519.PrivateKey(), try Ed25519.PrivateKey())
    let past = UTCTime(secondsSince1970: UTCTime.now.secondsSince1970 - 1)
    let server = try RootDocumentStoreTests.Server([2: try bench.signers.document(2, expires: past)])
    let pin = try #require(OTPContents(bench.bank.read()).rootDocumentHash.flatMap { SHA256Digest($0) })
    let documents = try RootDocumentStore(flash: bench.flash, pin: pin, urls: [server.http.url], http: HTTPClient())
    let trust = DeviceTrust(bank: bench.bank, documents: documents)
    await trust.refresh()
    #expect(documents.latestVersion == 2)
    // Neither the rotation nor the expiry stops an app that is there; both stop a new one.
    _ = try VerifiedImage.verifying(image.bytes, for: bench.device, trust: try trust.forKeptImage())
    #expect(throws: RootDocumentError.self) { try trust.forNewImage(lowestVersion: 1) }
    let later = UTCTime(secondsSince1970: past.secondsSince1970 - 10)
    #expect(throws: ImageFormatError.self) {
      try VerifiedImage.verifying(
        image.bytes, for: bench.device, trust: try trust.forNewImage(lowestVersion: 1, now: later))
    }
    // Somebody who swaps files on the flash can't go below what is burnt.
    try bench.bank.raiseSecurityEpoch(to: 4)
    #expect(throws: ImageFormatError.securityEpochTooLow(3, lowest: 4)) {
      try VerifiedImage.verifying(image.bytes, for: bench.device, trust: try trust.forKeptImage())
    }
  }
}

extension AppDescription {
  fileprivate func with(
    epoch: UInt32? = nil, level: UInt32? = nil, name: String? = nil, version: String? = nil
  ) throws -> AppDescription {
    try AppDescription(
      wasmLength: wasmLength, wasmDigest: wasmDigest, securityEpoch: epoch ?? securityEpoch,
      hostAPILevel: level ?? hostAPILevel, name: try name.map { try AppLabel($0) } ?? self.name,
      version: try version.map { try AppLabel($0) } ?? self.version)
  }
}

import FirmwareImage
import Foundations
import OpenSSL
import TestSupport
import Testing

@Suite(.seated) struct SigningTests {
  let publisher: Ed25519.PrivateKey
  let director: Ed25519.PrivateKey
  let app: AppDescription

  init() throws {
    publisher = try Ed25519.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: 32))
    director = try Ed25519.PrivateKey(rawRepresentation: [UInt8](repeating: 2, count: 32))
    app = try AppDescription(
      wasmLength: 8, wasmDigest: GoldenImage.wasmDigest, securityEpoch: 3, hostAPILevel: 1, name: AppLabel("pump"),
      version: AppLabel("1.0"))
  }

  /// The messages byte by byte, from the format's table.
  @Test func messagesAreWhatTheFormatSays() throws {
    var expected = Array("xtblish-publisher-v1".utf8) + [0] + GoldenImage.wasmDigest.bytes
    expected += [8, 0, 0, 0, 0, 0, 0, 0] + [3, 0, 0, 0] + [1, 0, 0, 0]
    expected += Array("pump".utf8) + [UInt8](repeating: 0, count: 28)
    expected += Array("1.0".utf8) + [UInt8](repeating: 0, count: 29)
    #expect(app.publisherMessage == expected)

    let golden = try ImageConfiguration(decoding: GoldenImage.configuration)
    let key = try #require(golden.manifest?.director?.keyID)
    #expect(
      try golden.directorMessage(keyID: key)
        == Array("xtblish-director-v1".utf8) + [0] + Array(GoldenImage.image[32...255]))
  }

  private func signedConfiguration() throws -> ImageConfiguration {
    let manifest = try ImageManifest(firmwareVersion: 9, app: app, publisher: app.signed(by: publisher))
    return try ImageConfiguration(device: GoldenImage.device, manifest: manifest).signed(byDirector: director)
  }

  @Test func bothSignaturesVerify() throws {
    let configuration = try ImageConfiguration(decoding: signedConfiguration().encoded())
    try configuration.verifyPublisher(trusting: [director.publicKey(), publisher.publicKey()])
    try configuration.verifyDirector(trusting: [director.publicKey()])
    let keyDigest = try SHA256.digest(of: publisher.publicKey().rawRepresentation)
    #expect(configuration.manifest?.publisher?.keyID.bytes == Array(keyDigest.prefix(8)))
  }

  @Test func eachBitThatTheDirectorSignsCounts() throws {
    let bytes = try signedConfiguration().encoded()
    let trusted = try [director.publicKey()]
    for offset in 0..<288 {
      var changed = bytes
      changed[offset] ^= 1
      guard let configuration = try? ImageConfiguration(decoding: changed) else { continue }
      #expect(throws: ImageFormatError.self, "byte \(offset + 32)") {
        try configuration.verifyDirector(trusting: trusted)
      }
    }
  }

  @Test func eachFieldThatThePublisherSignsCounts() throws {
    let signature = try app.signed(by: publisher)
    let trusted = try [publisher.publicKey()]
    let others = try [
      AppDescription(
        wasmLength: 9, wasmDigest: app.wasmDigest, securityEpoch: 3, hostAPILevel: 1, name: app.name,
        version: app.version),
      AppDescription(
        wasmLength: 8, wasmDigest: SHA256Digest.of([1]), securityEpoch: 3, hostAPILevel: 1, name: app.name,
        version: app.version),
      AppDescription(
        wasmLength: 8, wasmDigest: app.wasmDigest, securityEpoch: 4, hostAPILevel: 1, name: app.name,
        version: app.version),
      AppDescription(
        wasmLength: 8, wasmDigest: app.wasmDigest, securityEpoch: 3, hostAPILevel: 2, name: app.name,
        version: app.version),
      AppDescription(
        wasmLength: 8, wasmDigest: app.wasmDigest, securityEpoch: 3, hostAPILevel: 1, name: app.version,
        version: app.version),
      AppDescription(
        wasmLength: 8, wasmDigest: app.wasmDigest, securityEpoch: 3, hostAPILevel: 1, name: app.name, version: app.name),
    ]
    try app.verify(publisher: signature, trusting: trusted)
    for other in others {
      #expect(throws: ImageFormatError.wrongSignature(.publisher)) {
        try other.verify(publisher: signature, trusting: trusted)
      }
    }
  }

  @Test func theReasonsDiffer() throws {
    let configuration = try signedConfiguration()
    let unsigned = try ImageConfiguration(
      device: GoldenImage.device, manifest: ImageManifest(firmwareVersion: 1, app: app))
    let plain = ImageConfiguration.plain(device: GoldenImage.device)
    let directorKey = try director.publicKey()
    #expect(throws: ImageFormatError.unknownKey(.publisher, try KeyID(of: publisher.publicKey()))) {
      try configuration.verifyPublisher(trusting: [directorKey])
    }
    #expect(throws: ImageFormatError.signatureMissing(.publisher)) {
      try unsigned.verifyPublisher(trusting: [directorKey])
    }
    #expect(throws: ImageFormatError.signatureMissing(.director)) {
      try unsigned.verifyDirector(trusting: [directorKey])
    }
    #expect(throws: ImageFormatError.signatureMissing(.director)) { try plain.verifyDirector(trusting: [directorKey]) }
    #expect(throws: ImageFormatError.signatureMissing(.director)) { _ = try plain.signed(byDirector: director) }
  }
}

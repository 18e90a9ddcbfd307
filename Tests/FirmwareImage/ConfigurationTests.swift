import FirmwareImage
import Foundations
import TestSupport
import Testing

@Suite(.seated) struct ConfigurationTests {
  @Test func theGoldenImageReadsAsItWasBuilt() throws {
    let header = try ImageHeader(decoding: GoldenImage.image.prefix(544))
    let manifest = try #require(header.configuration.manifest)
    #expect(header.hash == (try SHA256Digest.of(GoldenImage.image.dropFirst(32))))
    #expect(header.configuration.device == GoldenImage.device)
    #expect(manifest.firmwareVersion == 0x0102_0304_0506_0708)
    #expect(manifest.app.wasmLength == 8)
    #expect(manifest.app.wasmDigest == GoldenImage.wasmDigest)
    #expect(manifest.app.securityEpoch == 7)
    #expect(manifest.app.hostAPILevel == 1)
    #expect(manifest.app.name.text == "pump")
    #expect(manifest.app.version.text == "1.2.3-é")
    #expect(manifest.publisher?.keyID.bytes == [UInt8](repeating: 0x11, count: 8))
    #expect(manifest.publisher?.signature == [UInt8](repeating: 0x22, count: 64))
    #expect(manifest.director?.keyID.bytes == [UInt8](repeating: 0x33, count: 8))
    #expect(manifest.director?.signature == [UInt8](repeating: 0x44, count: 64))
    #expect(header.encoded() == Array(GoldenImage.image.prefix(544)))
  }

  @Test func aPlainImageHasNothingButItsDevice() throws {
    let configuration = ImageConfiguration.plain(device: GoldenImage.device)
    #expect(configuration.encoded() == GoldenImage.device.bytes + [UInt8](repeating: 0, count: 496))
    #expect(try ImageConfiguration(decoding: configuration.encoded()) == configuration)
    #expect(try SHA256Digest.of(configuration.encoded() + GoldenImage.wasm) == GoldenImage.plainHash)
  }

  @Test(arguments: [0, 1, 511, 513, 544])
  func anotherLengthIsAnError(length: Int) {
    #expect(throws: ImageFormatError.wrongConfigurationLength(actual: length)) {
      try ImageConfiguration(decoding: [UInt8](repeating: 0, count: length))
    }
  }

  /// Offsets are those of the image, as in the format's table.
  static let changes: [(offset: Int, bytes: [UInt8], error: ImageFormatError)] = [
    (48, [UInt8(ascii: "Y")], .unknownReservedArea(offset: 48)),
    (48, [0, 0, 0, 0], .unknownReservedArea(offset: 52)),
    (52, [0, 0], .unsupportedHeaderVersion(0)),
    (52, [2, 0], .unsupportedHeaderVersion(2)),
    (52, [1, 1], .unsupportedHeaderVersion(257)),
    (54, [1, 0], .unknownFlags(1)),
    (54, [0, 0x80], .unknownFlags(0x8000)),
    (56, [0, 0, 0, 0, 0, 0, 0, 0], .firmwareVersionIsZero),
    (64, [7, 0, 0, 0, 0, 0, 0, 0], .wasmLengthOutOfRange(7)),
    (64, [0, 0, 0, 0, 0, 0, 0, 0], .wasmLengthOutOfRange(0)),
    (64, [UInt8](repeating: 0xFF, count: 8), .wasmLengthOutOfRange(.max)),
    (64, [0xE0, 0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], .wasmLengthOutOfRange(UInt64(Int64.max) - 543)),
    (112, [0xFF], .invalidLabel(.appName, "it is not UTF-8")),
    (114, [0], .invalidLabel(.appName, "it goes on after its zero padding")),
    (143, [1], .invalidLabel(.appName, "it goes on after its zero padding")),
    (112, [0x1B], .invalidLabel(.appName, "it has a control character")),
    (144, [0x7F], .invalidLabel(.appVersion, "it has a control character")),
    (150, [0xC2, 0x85], .invalidLabel(.appVersion, "it has a control character")),
    (176, [UInt8](repeating: 0, count: 8), .signatureWithoutKey(.publisher)),
    (184, [UInt8](repeating: 0, count: 64), .keyWithoutSignature(.publisher)),
    (248, [UInt8](repeating: 0, count: 8), .signatureWithoutKey(.director)),
    (256, [UInt8](repeating: 0, count: 64), .keyWithoutSignature(.director)),
    (320, [1], .paddingNotZero(offset: 320)),
    (543, [0x80], .paddingNotZero(offset: 543)),
  ]

  @Test(arguments: changes)
  func eachWrongFieldIsNamed(offset: Int, bytes: [UInt8], error: ImageFormatError) {
    var configuration = GoldenImage.configuration
    configuration.replaceSubrange((offset - 32)..<(offset - 32 + bytes.count), with: bytes)
    #expect(throws: error) { try ImageConfiguration(decoding: configuration) }
    #expect(!error.description.isEmpty && !error.reason.contains(" "))
  }

  /// The limits themselves are taken.
  static let limits: [(offset: Int, bytes: [UInt8])] = [
    (56, [1, 0, 0, 0, 0, 0, 0, 0]),
    (56, [UInt8](repeating: 0xFF, count: 8)),
    (64, [0xDF, 0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
    (104, [0xFF, 0xFF, 0xFF, 0xFF]),
    (108, [0xFF, 0xFF, 0xFF, 0xFF]),
    (112, [UInt8](repeating: UInt8(ascii: "n"), count: 32)),
    (112, [UInt8](repeating: 0, count: 32)),
    (144, Array("1234567890123456789012345678".utf8) + [0xF0, 0x9F, 0x9A, 0x80]),
    (176, [UInt8](repeating: 0, count: 72)),
    (248, [UInt8](repeating: 0, count: 72)),
  ]

  @Test(arguments: limits)
  func eachFieldAtItsLimitIsTaken(offset: Int, bytes: [UInt8]) throws {
    var configuration = GoldenImage.configuration
    configuration.replaceSubrange((offset - 32)..<(offset - 32 + bytes.count), with: bytes)
    #expect(try ImageConfiguration(decoding: configuration).encoded() == configuration)
  }

  @Test func valuesThatDoNotFitCanNotBeMade() throws {
    #expect(throws: ImageFormatError.self) { try AppLabel(String(repeating: "é", count: 17)) }
    #expect(throws: ImageFormatError.self) { try AppLabel("a\0b") }
    #expect(try AppLabel(String(repeating: "é", count: 16)).text.count == 16)
    let app = try AppDescription(wasmLength: 8, wasmDigest: GoldenImage.wasmDigest)
    #expect(throws: ImageFormatError.firmwareVersionIsZero) { try ImageManifest(firmwareVersion: 0, app: app) }
    #expect(KeyID(bytes: [UInt8](repeating: 0, count: 8)) == nil)
    #expect(KeyID(bytes: [1]) == nil)
    let key = try #require(KeyID(bytes: [1, 0, 0, 0, 0, 0, 0, 0]))
    #expect(ImageSignature(keyID: key, signature: [UInt8](repeating: 0, count: 64)) == nil)
    #expect(ImageSignature(keyID: key, signature: [1]) == nil)
  }

  @Test func spellingsOfOneLetterStayApart() throws {
    #expect(try AppLabel("\u{E9}") != AppLabel("e\u{301}"))
  }
}

import FirmwareImage
import Foundations
import TestSupport
import Testing

@Suite(.seated) struct ConfigurationFuzzTests {
  /// Every value of the type decodes from its own bytes.
  @Test func decodingUndoesEncoding() throws {
    var random = SplitMix64(seed: 20_26)
    for _ in 0..<2_000 {
      let configuration = try randomConfiguration(&random)
      #expect(try ImageConfiguration(decoding: configuration.encoded()) == configuration)
    }
  }

  /// Whatever decodes has exactly one text, the one that was read.
  @Test func noTwoTextsDecodeToOneValue() throws {
    var random = SplitMix64(seed: 7)
    var taken = 0
    for _ in 0..<20_000 {
      var bytes = try randomConfiguration(&random).encoded()
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<512, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      if let decoded = try? ImageConfiguration(decoding: bytes) {
        taken += 1
        #expect(decoded.encoded() == bytes)
      }
    }
    // Changes of the device ID, versions or signatures are other, well-formed configurations.
    #expect(taken > 1_000)
  }

  @Test func noiseIsNeverTaken() {
    var random = SplitMix64(seed: 99)
    for _ in 0..<5_000 {
      let bytes = (0..<512).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(throws: ImageFormatError.self) { try ImageConfiguration(decoding: bytes) }
    }
  }

  /// Each bit of a whole image is covered by the hash or by a rule of the header.
  @Test func anyChangedBitOfAnImageIsRefused() throws {
    for offset in GoldenImage.image.indices {
      for bit in 0..<8 {
        var image = GoldenImage.image
        image[offset] ^= 1 << UInt8(bit)
        let error = #expect(throws: ImageFormatError.self) {
          try VerifiedImage.verifying(image, for: GoldenImage.device, trust: .unsigned())
        }
        let allowed: Set<String> =
          switch offset {
          case ..<32: ["image-hash-mismatch"]
          case ..<48: ["image-hash-mismatch"]
          case 64..<72: ["image-wasm-length"]
          case 112..<176: ["image-label", "image-hash-mismatch"]
          case 48..<56: ["image-reserved-area", "image-version-unsupported"]
          case 320..<544: ["image-reserved-area"]
          case 544...: ["not-webassembly", "webassembly-version", "webassembly-component"]
          default: ["image-hash-mismatch"]
          }
        #expect(allowed.contains(error?.reason ?? ""), "byte \(offset) bit \(bit): \(error?.reason ?? "none")")
      }
    }
  }

  private func randomConfiguration(_ random: inout SplitMix64) throws -> ImageConfiguration {
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
    func label() throws -> AppLabel {
      let letters: [String] = ["a", "Z", "0", " ", "é", "水", "🚀", "-"]
      var text = ""
      while Bool.random(using: &random) || text.isEmpty {
        let next = text + letters.randomElement(using: &random)!
        if next.utf8.count > 32 { break }
        text = next
      }
      return try AppLabel(text)
    }
    func signature() -> ImageSignature? {
      guard Bool.random(using: &random), let key = KeyID(bytes: bytes(8)) else { return nil }
      return ImageSignature(keyID: key, signature: bytes(64))
    }
    let device = DeviceID(bytes: bytes(16))!
    if Int.random(in: 0..<20, using: &random) == 0 { return .plain(device: device) }
    let app = try AppDescription(
      wasmLength: UInt64.random(in: AppDescription.wasmLengthRange, using: &random),
      wasmDigest: SHA256Digest(bytes: bytes(32))!, securityEpoch: UInt32.random(in: 0...UInt32.max, using: &random),
      hostAPILevel: UInt32.random(in: 0...UInt32.max, using: &random), name: label(), version: label())
    return ImageConfiguration(
      device: device,
      manifest: try ImageManifest(
        firmwareVersion: UInt64.random(in: 1...UInt64.max, using: &random), app: app, publisher: signature(),
        director: signature()))
  }
}

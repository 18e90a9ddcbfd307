import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing

@Suite(.seated) struct IdentifierTests {
  @Test func deviceIDsReadAndShowTheirText() throws {
    let text = "00112233-4455-6677-8899-aabbccddeeff"
    let id = try #require(DeviceID(text))
    #expect(id.description == text)
    #expect(id.bytes == [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF])
    #expect(DeviceID(text.uppercased()) == id)
    #expect(DeviceID(bytes: id.bytes) == id)
    #expect(try JSONDecoder().decode([DeviceID].self, from: JSONEncoder().encode([id])) == [id])
  }

  @Test(arguments: [
    "", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef",
    "00112233-4455-6677-8899-aabbccddeeff0",
    "00112233-4455-6677-8899-aabbccddeefg", "0011223-34455-6677-8899-aabbccddeeff",
    "{00112233-4455-6677-8899-aabbccddeeff}",
    "00112233-4455-6677-8899-aabbccddee\u{FF10}", "-----", "latest",
  ])
  func otherTextIsNoDeviceID(text: String) {
    #expect(DeviceID(text) == nil)
  }

  @Test func otherLengthsAreNoDeviceID() {
    for count in [0, 15, 17, 32] { #expect(DeviceID(bytes: [UInt8](repeating: 1, count: count)) == nil) }
  }

  @Test func aWrongIDInJSONIsAnError() {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([DeviceID].self, from: Data(#"["x"]"#.utf8)) }
  }

  @Test func randomDeviceIDsAreVersionFourAndDiffer() {
    let ids = (0..<1000).map { _ in DeviceID.random() }
    #expect(Set(ids).count == 1000)
    for id in ids {
      #expect(id.bytes[6] >> 4 == 4)
      #expect(id.bytes[8] >> 6 == 0b10)
    }
  }

  @Test func digestsReadAndShowTheirText() throws {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let digest = try SHA256Digest.of([])
    #expect(digest.description == "sha256:" + hex)
    #expect(digest.hex == hex)
    #expect(SHA256Digest(hex) == digest)
    #expect(SHA256Digest("sha256:" + hex.uppercased()) == digest)
    #expect(SHA256Digest(bytes: digest.bytes) == digest)
  }

  @Test(arguments: [
    "", "sha256:", "sha512:00", "sha256:sha256:", String(repeating: "0", count: 63), String(repeating: "g", count: 64),
  ])
  func otherTextIsNoDigest(text: String) {
    #expect(SHA256Digest(text) == nil)
  }

  @Test func digestsSortAsTheirTextDoes() {
    var random = SplitMix64(seed: 1)
    let digests = (0..<200).map { _ in
      SHA256Digest(bytes: (0..<32).map { _ in UInt8.random(in: 0...3, using: &random) * 85 })!
    }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
  }
}

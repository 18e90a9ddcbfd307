import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing

@Suite(.seated) struct VerifierTests {
  @Test(arguments: [1, 7, 32, 543, 544, 545, 1000])
  func anImageInPiecesOfAnySizeVerifies(pieceSize: Int) throws {
    var verifier = try ImageVerifier(for: GoldenImage.device)
    var rest = GoldenImage.image[...]
    while !rest.isEmpty {
      try verifier.update(Array(rest.prefix(pieceSize)))
      rest = rest.dropFirst(pieceSize)
    }
    let verdict = try verifier.finish()
    #expect(verdict.wasmLength == 8)
    #expect(verdict.wasmDigest == GoldenImage.wasmDigest)
    #expect(verdict.header.encoded() == Array(GoldenImage.image.prefix(544)))
  }

  @Test func everyShorterImageIsRefused() throws {
    for length in GoldenImage.image.indices {
      let error = #expect(throws: ImageFormatError.self) {
        try VerifiedImage.verifying(
          Array(GoldenImage.image.prefix(length)), for: GoldenImage.device, trust: .unsigned())
      }
      #expect(error?.reason == (length < 544 ? "image-cut-short" : "image-wasm-length"), "\(length) bytes")
    }
  }

  @Test func aLongerImageIsRefusedAtItsFirstByteTooMany() throws {
    var verifier = try ImageVerifier(for: nil)
    try verifier.update(GoldenImage.image)
    let expected = ImageFormatError.wasmLengthMismatch(stated: 8, actual: 9)
    do {
      try verifier.update([0])
      Issue.record("the byte was taken")
    } catch { #expect(error == expected) }
    do {
      _ = try verifier.finish()
      Issue.record("a failed check gave a verdict")
    } catch { #expect(error == expected) }
  }

  @Test func anotherDevicesImageIsRefusedAtItsHeader() throws {
    let other = DeviceID.random()
    var verifier = try ImageVerifier(for: other)
    try verifier.update(Array(GoldenImage.image.prefix(543)))
    do {
      try verifier.update([0])
      Issue.record("the header was taken")
    } catch { #expect(error == .deviceMismatch(expected: other, actual: GoldenImage.device)) }
  }

  @Test func theLimitIsOfTheWholeImage() throws {
    var exact = try ImageVerifier(for: nil, limitBytes: 552)
    try exact.update(GoldenImage.image)
    _ = try exact.finish()
    var tight = try ImageVerifier(for: nil, limitBytes: 551)
    do {
      try tight.update(GoldenImage.image)
      Issue.record("552 bytes were taken under a limit of 551")
    } catch { #expect(error == .tooLarge(limitBytes: 551)) }
  }

  /// A right hash over a header that states another wasm: only the digest check sees it.
  @Test func aHeaderThatNamesAnotherWasmIsRefused() throws {
    var configuration = GoldenImage.configuration
    configuration[40] ^= 1
    let image = try assemble(configuration, GoldenImage.wasm)
    let error = #expect(throws: ImageFormatError.self) {
      try VerifiedImage.verifying(image, for: nil, trust: .unsigned())
    }
    #expect(error?.reason == "image-wasm-digest-mismatch")
  }

  @Test func aRightHashDoesNotExcuseBrokenWebAssembly() throws {
    let wasm: [UInt8] = GoldenImage.wasm + [1, 4, 0]
    let image = try assemble(ImageConfiguration.plain(device: GoldenImage.device).encoded(), wasm)
    let error = #expect(throws: ImageFormatError.self) {
      try VerifiedImage.verifying(image, for: nil, trust: .unsigned())
    }
    #expect(error?.reason == "webassembly-cut-short")
  }

  @Test func filesVerifyWholeOrInTwoParts() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "image-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let whole = directory.appending(path: "image").path
    let wasm = directory.appending(path: "app.wasm").path
    let content = try sampleModule(customBytes: 300_000)
    let image = try assemble(ImageConfiguration.plain(device: GoldenImage.device).encoded(), content)
    try Data(image).write(to: URL(filePath: whole))
    try Data(content).write(to: URL(filePath: wasm))

    let first = try VerifiedImage.verifying(file: whole, for: GoldenImage.device, trust: .unsigned())
    #expect(first.content == .file(path: whole, wasmOffset: 544))
    let second = try VerifiedImage.verifying(
      header: Array(image.prefix(544)), wasmFile: wasm, for: GoldenImage.device, trust: .unsigned())
    #expect(second.content == .file(path: wasm, wasmOffset: 0))
    #expect(first.verdict == second.verdict)
    #expect(try VerifiedImage.verifying(image, for: nil, trust: .unsigned()).content == .bytes(content))
    #expect(first.verdict.wasmDigest == (try SHA256Digest.of(content)))
  }

  @Test func aMissingFileIsAnErrorWithItsCause() {
    #expect(throws: ImageFormatError.unreadable(path: "/nonexistent/image", call: "open", errno: ENOENT)) {
      try VerifiedImage.verifying(file: "/nonexistent/image", for: nil, trust: .unsigned())
    }
    #expect(throws: ImageFormatError.unreadable(path: "/", call: "read", errno: EISDIR)) {
      try VerifiedImage.verifying(file: "/", for: nil, trust: .unsigned())
    }
  }
}

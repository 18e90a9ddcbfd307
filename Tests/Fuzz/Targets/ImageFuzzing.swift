import FirmwareImage
import Foundations
import OpenSSL

/// What must hold of the image verifier, whatever the bytes. A broken promise ends the process.
///
/// A mutation can't guess a hash or a signature, so the input's first byte says which of them are made good after it:
/// so the checks behind them are reached too. Then one byte may be changed again, which must always be noticed.
package struct ImageFuzzing {
  private struct Repair: OptionSet {
    let rawValue: UInt8
    static let plain = Repair(rawValue: 1)
    static let fields = Repair(rawValue: 2)
    static let publisher = Repair(rawValue: 4)
    static let director = Repair(rawValue: 8)
    static let hash = Repair(rawValue: 16)
    /// Change one byte of the finished image.
    static let change = Repair(rawValue: 32)
    /// Make the hash right again after the change.
    static let hashOfChange = Repair(rawValue: 64)
    /// Trust the publisher for one app name only.
    static let oneName = Repair(rawValue: 128)
  }

  private let device: DeviceID
  private let director: Ed25519.PrivateKey
  private let publisher: Ed25519.PrivateKey
  private let anyName: ImageTrust
  private let oneName: ImageTrust

  /// Keys from fixed seeds, so that an input does the same in every run.
  package init() throws {
    device = DeviceID(bytes: [UInt8](repeating: 0xA5, count: 16))!
    director = try Ed25519.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: 32))
    publisher = try Ed25519.PrivateKey(rawRepresentation: [UInt8](repeating: 2, count: 32))
    let directors = [try TrustedKey(director.publicKey())]
    let key = try TrustedKey(publisher.publicKey())
    func trust(_ apps: PublisherDelegation.Apps) -> ImageTrust {
      ImageTrust(
        directors: directors, publishers: [PublisherDelegation(key: key, apps: apps)], isPublisherRequired: true,
        lowestVersion: 3, lowestSecurityEpoch: 2, highestHostAPILevel: 1)
    }
    anyName = trust(.any)
    oneName = trust(.named([try AppLabel("sensor")]))
  }

  package func run(_ input: [UInt8]) {
    var input = FuzzInput(input)
    let repair = Repair(rawValue: input.byte())
    let (offset, mask) = (input.number16(), input.byte())
    var image = input.rest()
    self.repair(&image, repair)
    if repair.contains(.change), !image.isEmpty {
      image[offset % image.count] ^= mask
      if repair.contains(.hashOfChange) { setHash(&image) }
    }
    let trust = repair.contains(.oneName) ? oneName : anyName
    let verdict = check(image, pieces: 1 + offset % 700)
    let verified = try? VerifiedImage.verifying(image, for: device, trust: trust)
    guard let verified else { return }
    require(verdict, "an image that was verified must have a verdict")
    require(isSigned(image), "an image whose bytes are not signed as the format says was taken")
    let manifest = verified.configuration.manifest
    require(verified.configuration.device == device, "another device's image was taken")
    require((manifest?.firmwareVersion ?? 0) >= 3, "an older version was taken")
    require((manifest?.app.securityEpoch ?? 0) >= 2, "a lower epoch was taken")
    require((manifest?.app.hostAPILevel ?? 9) <= 1, "a higher host API level was taken")
    require(trust == anyName || manifest?.app.name.text == "sensor", "another app's name was taken")
    require(verified.content == .bytes(Array(image.dropFirst(ImageHeader.byteCount))), "other content came out")
  }

  /// Whole or in pieces, with or without a limit: one verdict, and it tells the truth.
  private func check(_ image: [UInt8], pieces: Int) -> Bool {
    let whole = try? VerifiedImage.verifying(image, for: nil, trust: .unsigned())
    var isGood = true
    do {
      var verifier = try ImageVerifier(for: nil)
      var rest = image[...]
      while !rest.isEmpty {
        try verifier.update(Array(rest.prefix(pieces)))
        rest = rest.dropFirst(pieces)
      }
      let verdict = try verifier.finish()
      require(verdict == whole?.verdict, "pieces and the whole gave two verdicts")
    } catch { isGood = false }
    require(isGood == (whole != nil), "pieces and the whole disagree")
    guard let whole else { return false }
    let body = Array(image.dropFirst(SHA256Digest.byteCount))
    require((try? SHA256Digest.of(body)) == whole.header.hash, "a wrong hash was taken")
    require(whole.header.encoded() == Array(image.prefix(ImageHeader.byteCount)), "two texts for one header")
    if let app = whole.configuration.manifest?.app {
      let wasm = Array(image.dropFirst(ImageHeader.byteCount))
      require(app.wasmLength == UInt64(wasm.count), "a wrong length was taken")
      require((try? SHA256Digest.of(wasm)) == app.wasmDigest, "a wrong digest was taken")
    }
    return true
  }

  /// Checks both signatures at the offsets of the format's table, without what is tested.
  private func isSigned(_ image: [UInt8]) -> Bool {
    let directorMessage = Array("xtblish-director-v1\0".utf8) + image[32..<256]
    let publisherMessage =
      Array("xtblish-publisher-v1\0".utf8) + image[72..<104] + image[64..<72] + image[104..<112] + image[112..<176]
    func isGood(_ key: Ed25519.PrivateKey, _ signature: Range<Int>, _ message: [UInt8]) -> Bool {
      (try? key.publicKey().isValid(signature: Array(image[signature]), for: message)) ?? false
    }
    return isGood(director, 256..<320, directorMessage) && isGood(publisher, 184..<248, publisherMessage)
  }

  private func repair(_ image: inout [UInt8], _ repair: Repair) {
    guard image.count >= ImageHeader.byteCount else { return }
    if let configuration = try? repairedConfiguration(image, repair) {
      image.replaceSubrange(SHA256Digest.byteCount..<ImageHeader.byteCount, with: configuration)
    }
    if repair.contains(.hash) { setHash(&image) }
  }

  private func repairedConfiguration(_ image: [UInt8], _ repair: Repair) throws -> [UInt8] {
    if repair.contains(.plain) { return ImageConfiguration.plain(device: device).encoded() }
    let header = Array(image[SHA256Digest.byteCount..<ImageHeader.byteCount])
    let decoded = try ImageConfiguration(decoding: header)
    guard let manifest = decoded.manifest else { return header }
    var app = manifest.app
    if repair.contains(.fields) {
      let wasm = Array(image.dropFirst(ImageHeader.byteCount))
      app = try AppDescription(
        wasmLength: UInt64(wasm.count), wasmDigest: SHA256Digest.of(wasm), securityEpoch: app.securityEpoch,
        hostAPILevel: app.hostAPILevel, name: app.name, version: app.version)
    }
    let unsigned = ImageConfiguration(
      device: decoded.device,
      manifest: try ImageManifest(
        firmwareVersion: manifest.firmwareVersion, app: app,
        publisher: repair.contains(.publisher) ? app.signed(by: publisher) : manifest.publisher,
        director: manifest.director))
    return try (repair.contains(.director) ? unsigned.signed(byDirector: director) : unsigned).encoded()
  }

  private func setHash(_ image: inout [UInt8]) {
    guard image.count > SHA256Digest.byteCount else { return }
    let body = Array(image.dropFirst(SHA256Digest.byteCount))
    if let hash = try? SHA256Digest.of(body) { image.replaceSubrange(0..<SHA256Digest.byteCount, with: hash.bytes) }
  }

  /// Not `precondition`: this must hold in every build.
  private func require(_ condition: Bool, _ promise: String) {
    if !condition { fatalError(promise) }
  }
}

import FirmwareImage
import Foundations
import OpenSSL
import RootDocument

/// Root keys, a director and a publisher, and root documents that they sign.
struct TestSigners: Sendable {
  static let future = UTCTime(secondsSince1970: UTCTime.now.secondsSince1970 + 86_400)

  var rootKeys: [Ed25519.PrivateKey]
  var director: Ed25519.PrivateKey
  var publisher: Ed25519.PrivateKey

  init() throws {
    rootKeys = try (0..<3).map { _ in try Ed25519.PrivateKey() }
    director = try Ed25519.PrivateKey()
    publisher = try Ed25519.PrivateKey()
  }

  static func trusted(_ key: Ed25519.PrivateKey) throws -> TrustedKey { try TrustedKey(key.publicKey()) }

  /// - Parameters:
  ///   - apps: what the publisher may sign for.
  ///   - signers: nil: all root keys.
  func document(
    _ version: UInt64, expires: UTCTime = future, apps: PublisherDelegation.Apps = .any,
    signedBy signers: [Ed25519.PrivateKey]? = nil
  ) throws -> [UInt8] {
    let document = try RootDocument(
      version: version, expires: expires, threshold: 2, rootKeys: rootKeys.map(Self.trusted),
      directors: [Self.trusted(director)], publishers: [PublisherDelegation(key: Self.trusted(publisher), apps: apps)])
    return try (signers ?? rootKeys).reduce(SignedRootDocument(unsigned: document)) { try $0.signed(by: $1) }.encoded
  }
}

extension TestImage {
  /// The same image, signed by both.
  ///
  /// - Parameters:
  ///   - publisher: nil leaves its signature out, as `director` does.
  ///   - app: another description than the publisher signed, which only a director who cheats makes.
  func signed(
    director: Ed25519.PrivateKey?, publisher: Ed25519.PrivateKey?,
    app change: (AppDescription) throws -> AppDescription = { $0 }
  ) throws -> TestImage {
    let configuration = try ImageHeader(decoding: Array(bytes.prefix(ImageHeader.byteCount))).configuration
    let manifest = configuration.manifest!
    var signed = ImageConfiguration(
      device: configuration.device,
      manifest: try ImageManifest(
        firmwareVersion: manifest.firmwareVersion, app: try change(manifest.app),
        publisher: try publisher.map { try manifest.app.signed(by: $0) }))
    if let director { signed = try signed.signed(byDirector: director) }
    return try with(configuration: signed.encoded())
  }

  /// The same module behind another configuration (bytes 32…543), with a hash that fits.
  func with(configuration: [UInt8]) throws -> TestImage {
    var copy = self
    let wasm = Array(bytes.dropFirst(ImageHeader.byteCount))
    copy.bytes = try SHA256Digest.of(configuration + wasm).bytes + configuration + wasm
    return copy
  }
}

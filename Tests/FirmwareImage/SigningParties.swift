import FirmwareImage
import Foundations
import OpenSSL
import RootDocument

/// Whoever signs something in these tests, each with a key that is made for one test.
struct SigningParties {
  let roots: [Ed25519.PrivateKey]
  let director: Ed25519.PrivateKey
  let publisher: Ed25519.PrivateKey

  init() throws {
    roots = try (0..<3).map { _ in try Ed25519.PrivateKey() }
    director = try Ed25519.PrivateKey()
    publisher = try Ed25519.PrivateKey()
  }

  func root(
    version: UInt64 = 1, expires: UTCTime = UTCTime("2099-01-01T00:00:00Z")!, threshold: Int = 2,
    keys: [Ed25519.PrivateKey]? = nil, apps: PublisherDelegation.Apps = .any
  ) throws -> RootDocument {
    try RootDocument(
      version: version, expires: expires, threshold: threshold,
      rootKeys: (keys ?? roots).map { try TrustedKey($0.publicKey()) },
      directors: [TrustedKey(director.publicKey())],
      publishers: [PublisherDelegation(key: TrustedKey(publisher.publicKey()), apps: apps)])
  }

  func signed(_ document: RootDocument, by keys: [Ed25519.PrivateKey]? = nil) throws -> SignedRootDocument {
    try (keys ?? roots).reduce(SignedRootDocument(unsigned: document)) { try $0.signed(by: $1) }
  }

  func trust(
    apps: PublisherDelegation.Apps = .any, isPublisherRequired: Bool = true, lowestVersion: UInt64 = 0,
    lowestSecurityEpoch: UInt32 = 0, highestHostAPILevel: UInt32 = 1
  ) throws -> ImageTrust {
    ImageTrust(
      root: try root(apps: apps), isPublisherRequired: isPublisherRequired, lowestVersion: lowestVersion,
      lowestSecurityEpoch: lowestSecurityEpoch, highestHostAPILevel: highestHostAPILevel)
  }

  /// A whole image, signed by whoever is given.
  func image(
    device: DeviceID = GoldenImage.device, version: UInt64 = 5, name: String = "sensor", epoch: UInt32 = 2,
    level: UInt32 = 1, publisher: Ed25519.PrivateKey?, director: Ed25519.PrivateKey?
  ) throws -> [UInt8] {
    let app = try AppDescription(
      wasmLength: UInt64(GoldenImage.wasm.count), wasmDigest: GoldenImage.wasmDigest, securityEpoch: epoch,
      hostAPILevel: level, name: AppLabel(name), version: AppLabel("1.0"))
    let manifest = try ImageManifest(
      firmwareVersion: version, app: app, publisher: publisher.map { try app.signed(by: $0) })
    let unsigned = ImageConfiguration(device: device, manifest: manifest)
    let configuration = try director.map { try unsigned.signed(byDirector: $0) } ?? unsigned
    return try assemble(configuration.encoded(), GoldenImage.wasm)
  }
}

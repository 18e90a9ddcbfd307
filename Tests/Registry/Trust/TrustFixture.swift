import FirmwareImage
import Foundations
import OpenSSL
import RootDocument
import TestSupport

@testable import RegistryDomain
@testable import RegistryStorage

/// A Registry that signs, with keys in a folder of its own.
struct TrustFixture {
  let fixture: Fixture
  let folder: TemporaryFolder
  let rootKeys: [Ed25519.PrivateKey]

  var store: RegistryStore { fixture.store }

  static func make(
    requiresRootDocument: Bool = true, publishers: PublisherPolicy = .unchecked
  ) async throws -> TrustFixture {
    let folder = try TemporaryFolder("director")
    let signing = AssignmentSigning.director(
      DirectorKeyring(directory: folder.path("keys")), requiresRootDocument: requiresRootDocument,
      publishers: publishers)
    return TrustFixture(
      fixture: try await Fixture.make(signing: signing), folder: folder,
      rootKeys: try (0..<2).map { _ in try Ed25519.PrivateKey() })
  }

  /// A root document with the director's keys as they are, or with the given ones.
  func document(
    version: UInt64 = 1, expires: UTCTime = .now + 3600, directors: [TrustedKey]? = nil,
    publishers: [PublisherDelegation] = []
  ) async throws -> RootDocument {
    let current = try await store.directorKeys().filter { $0.state != .retired }.map(\.key)
    return try RootDocument(
      version: version, expires: expires, threshold: 2, rootKeys: rootKeys.map { try TrustedKey($0.publicKey()) },
      directors: directors ?? current, publishers: publishers)
  }

  func sign(_ document: RootDocument) throws -> [UInt8] {
    try rootKeys.reduce(SignedRootDocument(unsigned: document)) { try $0.signed(by: $1) }.encoded
  }

  @discardableResult
  func publish(
    version: UInt64 = 1, directors: [TrustedKey]? = nil, publishers: [PublisherDelegation] = []
  ) async throws -> SignedRootDocument {
    try await store.publishRootDocument(
      sign(document(version: version, directors: directors, publishers: publishers)), by: .anonymous)
  }

  func key(_ state: DirectorKey.State) async throws -> TrustedKey? {
    try await store.directorKeys().first { $0.state == state }?.key
  }
}

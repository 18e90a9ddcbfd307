package import FirmwareImage
package import Foundations

/// Who may sign what, and until when. Devices learn new keys from it.
///
/// The idea and the rules are those of the root role of The Update Framework (theupdateframework.github.io,
/// specification 1.0, sections 4.3 and 5.3). `rootKeys` sign root documents, `directors` sign configurations of
/// images, and `publishers` sign the apps that are delegated to them.
package struct RootDocument: Hashable, Sendable {
  /// The most root keys that a document names.
  package static let maximumRootKeys = 16
  /// The most directors.
  package static let maximumDirectors = 16
  /// The most publishers.
  package static let maximumPublishers = 256
  /// The versions that a document may have.
  package static let versionRange: ClosedRange<UInt64> = 1...1_000_000_000

  /// The document's number: from 1, and one more than that of the document before it.
  package let version: UInt64
  /// The moment from which on the document no longer counts.
  package let expires: UTCTime
  /// How many of the root keys must sign this document and the next one.
  package let threshold: Int
  package let rootKeys: [TrustedKey]
  package let directors: [TrustedKey]
  package let publishers: [PublisherDelegation]

  /// Makes a document.
  ///
  /// - Throws: `malformed` unless the numbers are within their bounds, and every key is there once, for one purpose.
  package init(
    version: UInt64, expires: UTCTime, threshold: Int, rootKeys: [TrustedKey], directors: [TrustedKey],
    publishers: [PublisherDelegation]
  ) throws(RootDocumentError) {
    func require(_ condition: Bool, _ problem: String) throws(RootDocumentError) {
      guard condition else { throw .malformed(problem) }
    }
    try require(Self.versionRange.contains(version), "its version is not from 1 to \(Self.versionRange.upperBound)")
    try require(
      (1...Self.maximumRootKeys).contains(rootKeys.count), "it has not 1 to \(Self.maximumRootKeys) root keys")
    try require((1...rootKeys.count).contains(threshold), "its threshold is not from 1 to the number of its root keys")
    try require(
      (1...Self.maximumDirectors).contains(directors.count), "it has not 1 to \(Self.maximumDirectors) directors")
    try require(publishers.count <= Self.maximumPublishers, "it has more than \(Self.maximumPublishers) publishers")
    for case .named(let names) in publishers.map(\.apps) {
      try require(
        (1...PublisherDelegation.maximumApps).contains(names.count) && !names.contains(.empty),
        "a publisher has not 1 to \(PublisherDelegation.maximumApps) apps with names, or *")
    }
    // A key that is there twice would count twice, and one with two purposes would undo that two keys are needed.
    var seen: Set<KeyID> = []
    for key in rootKeys + directors + publishers.map(\.key) {
      try require(seen.insert(key.id).inserted, "it names the key \(key.id) twice; each key has one purpose")
    }
    self.version = version
    self.expires = expires
    self.threshold = threshold
    self.rootKeys = rootKeys
    self.directors = directors
    self.publishers = publishers
  }
}

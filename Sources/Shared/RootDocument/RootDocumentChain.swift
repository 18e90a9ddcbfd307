import FirmwareImage
package import Foundations
import OpenSSL

/// Root documents of which each is vouched for by the one before, and the first by its pin. The newest is kept.
package struct RootDocumentChain: Hashable, Sendable {
  /// The newest document.
  package private(set) var latest: SignedRootDocument

  /// Starts with the document whose digest is in a device's OTP bank (one-time programmable memory).
  ///
  /// - Parameter pin: SHA-256 of the document's bytes.
  package init(pinnedTo pin: SHA256Digest, first bytes: [UInt8]) throws(RootDocumentError) {
    let actual: SHA256Digest
    do throws(OpenSSLError) { actual = try SHA256Digest.of(bytes) } catch { throw .cryptography(error) }
    guard actual == pin else { throw .notPinned(expected: pin, actual: actual) }
    try self.init(trusting: bytes)
  }

  /// Starts with a document from where nobody else can write, such as a service's own table. Only that enough of its
  /// own keys signed it is checked.
  package init(trusting bytes: [UInt8]) throws(RootDocumentError) {
    let first = try SignedRootDocument(decoding: bytes)
    try Self.check(first, signedByEnoughOf: first.document, .own)
    latest = first
  }

  /// Goes on to the next document: its version is one more, and the threshold of the newest one's keys and of its own
  /// signed it. An older one that has expired still leads to the next.
  package mutating func append(_ bytes: [UInt8]) throws(RootDocumentError) {
    let next = try SignedRootDocument(decoding: bytes)
    let (current, version) = (latest.document.version, next.document.version)
    guard version > current else { throw .rolledBack(version: version, current: current) }
    guard version == current + 1 else { throw .versionSkipped(version: version, current: current) }
    try Self.check(next, signedByEnoughOf: latest.document, .previous)
    try Self.check(next, signedByEnoughOf: next.document, .own)
    latest = next
  }

  /// What the newest document says, unless it has expired.
  package func document(at now: UTCTime) throws(RootDocumentError) -> RootDocument {
    guard now < latest.document.expires else {
      throw .expired(version: latest.document.version, at: latest.document.expires)
    }
    return latest.document
  }

  private static func check(
    _ signed: SignedRootDocument, signedByEnoughOf document: RootDocument, _ signers: RootDocumentError.Signers
  ) throws(RootDocumentError) {
    let count = try signed.signers(among: document.rootKeys).count
    guard count >= document.threshold else {
      throw .belowThreshold(signers, signatures: count, threshold: document.threshold)
    }
  }
}

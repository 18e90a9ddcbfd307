import FirmwareImage
package import Foundations
package import OpenSSL

/// What can be wrong with a root document.
package enum RootDocumentError: Error, Equatable, Sendable {
  /// Whose keys' signatures are counted.
  package enum Signers: String, Sendable {
    case previous = "the previous document's"
    case own = "its own"
  }

  /// It is longer than ``SignedRootDocument/maximumBytes``.
  case tooLarge(byteCount: Int)
  /// What is wrong, as the rest of "the root document can't be read: …".
  case malformed(String)
  /// The first document is another than the one that was pinned.
  case notPinned(expected: SHA256Digest, actual: SHA256Digest)
  /// It is no newer than the newest document that is known.
  case rolledBack(version: UInt64, current: UInt64)
  /// Documents between the newest that is known and this one are missing.
  case versionSkipped(version: UInt64, current: UInt64)
  /// Too few of the keys signed it.
  case belowThreshold(Signers, signatures: Int, threshold: Int)
  /// The newest document is past its time.
  case expired(version: UInt64, at: UTCTime)
  case cryptography(OpenSSLError)

  /// What a check of a key or label in it found.
  init(_ error: ImageFormatError) {
    if case .cryptography(let cause) = error {
      self = .cryptography(cause)
    } else {
      self = .malformed(error.description)
    }
  }
}

extension RootDocumentError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let byteCount):
      "the root document has \(byteCount) bytes; at most \(SignedRootDocument.maximumBytes) are taken"
    case .malformed(let problem):
      "the root document can't be read: \(problem)"
    case .notPinned(let expected, let actual):
      "the first root document must have the digest \(expected), and this one has \(actual)"
    case .rolledBack(let version, let current):
      "the root document is version \(version), and version \(current) is known already: versions only grow"
    case .versionSkipped(let version, let current):
      "the root document is version \(version), and the next must be \(current + 1): none may be left out"
    case .belowThreshold(let signers, let signatures, let threshold):
      "the root document has good signatures of \(signatures) of \(signers.rawValue) root keys, and needs \(threshold)"
    case .expired(let version, let time):
      "root document \(version) expired at \(time): publish the next one"
    case .cryptography(let error):
      "the root document could not be checked: \(error)"
    }
  }

  /// A stable word in kebab-case, for programs.
  package var reason: String {
    switch self {
    case .tooLarge: "root-document-too-large"
    case .malformed: "root-document-malformed"
    case .notPinned: "root-document-not-pinned"
    case .rolledBack: "root-document-rolled-back"
    case .versionSkipped: "root-document-version-skipped"
    case .belowThreshold: "root-document-below-threshold"
    case .expired: "root-document-expired"
    case .cryptography: "root-document-check-failed"
    }
  }
}

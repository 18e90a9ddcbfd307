package import Foundations

/// Why a blob could not be stored or read. Its text is for operators: it may name paths.
package enum BlobStoreError: Error, Equatable, Sendable {
  /// There is no room for the bytes.
  case full(String)
  /// What is stored under a digest is something else.
  case corrupted(SHA256Digest, actual: SHA256Digest)
  /// What was uploaded is not what the caller announced.
  case digestMismatch(expected: SHA256Digest, actual: SHA256Digest)
  /// The storage failed: a disk, a file system, a missing permission.
  case failed(String)
  /// Whoever stored these bytes first has not yet found out whether they stay.
  case unsettled(SHA256Digest)
  /// The store is shutting down.
  case closed
}

extension BlobStoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .full(let cause):
      "the image store's disk is full: free space on it, then try again (\(cause))"
    case .corrupted(let digest, let actual):
      "what is stored as \(digest) is damaged: its digest is \(actual); upload the image again to repair it"
    case .digestMismatch(let expected, let actual):
      "the bytes that came have the digest \(actual), not \(expected): they were changed or cut short on the way; "
        + "upload them again"
    case .failed(let cause):
      "the image store's storage failed: \(cause)"
    case .unsettled(let digest):
      "\(digest) is being stored by somebody else at this moment; try again"
    case .closed:
      "the image store is shutting down; try again, or ask another replica"
    }
  }
}

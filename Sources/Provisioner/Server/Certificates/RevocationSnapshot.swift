import Foundations
package import OpenSSL

/// What everybody is told of `roots`, the certificates that are trusted, and of revocations.
package struct RevocationSnapshot: Sendable, Equatable {
  /// Grows with every change: what releases before this one go by.
  package var state: UInt64
  /// The number of the newest publication. A restored database gives numbers again.
  package var revision: Int64
  /// Random, of the newest publication: tells it from another one with the same number.
  package var nonce: [UInt8]
  package var roots: [X509Certificate]
  /// The lists in the order in which they were published.
  var published: [PublishedList]

  /// All lists, in the order in which they were published.
  package var lists: [CertificateRevocationList] { published.map(\.list) }

  /// The text that tells this snapshot from every other: `12-7-<nonce>-<roots>`.
  package var tag: String {
    let hash = (try? SHA256.digest(of: roots.flatMap(\.der))) ?? []
    return "\(state)-\(revision)-\(Hexadecimal.encode(nonce))-\(Hexadecimal.encode(Array(hash.prefix(8))))"
  }

  /// The lists that came after the snapshot with that tag.
  ///
  /// - Returns: nil if the snapshot is not known, or its lists are superseded.
  package func lists(since tag: String) -> [CertificateRevocationList]? {
    let parts = tag.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, let known = Int64(parts[1]), let nonce = Hexadecimal.decode(String(parts[2])),
      published.contains(where: { $0.revision == known && $0.nonce == nonce })
    else { return nil }
    return published.filter { $0.revision > known }.map(\.list)
  }

  /// Adds lists that are newer than all others: what has all entries of an issuer takes the place of those before it.
  mutating func append(_ newer: [PublishedList]) {
    for list in newer {
      if list.kind == .full { published.removeAll { $0.issuer == list.issuer && $0.kind != .first } }
      published.append(list)
    }
  }
}

import OpenSSL

/// One of the lists by which readers of CRLs hear of an issuer's revocations.
///
/// An issuer's lists are, in this order: a first one without entries, which lets everybody in; the newest that has
/// everything that was taken back, if it was ever made; and after it, for each burst of revocations, one that is about
/// those certificates alone. Of all that are about a certificate, OpenSSL goes by the newest. So a program that keeps
/// every list it ever read grows by what was revoked, not by that times the size of the whole.
struct PublishedList: Sendable, Equatable {
  enum Kind: String, Sendable {
    /// A list without entries, about all certificates.
    case first
    /// A list with all entries, about all certificates.
    case full
    /// A list about its entries alone.
    case partial
  }

  /// SHA-256 of the issuer's public key.
  let issuer: [UInt8]
  let number: Int64
  let kind: Kind
  /// The number of the publication that it came with.
  let revision: Int64
  /// The random nonce of that publication.
  let nonce: [UInt8]
  let list: CertificateRevocationList
}

/// What an issuer has revoked and not published yet, beside what it has published.
struct RevocationBacklog: Sendable, Equatable {
  var hasFirst = true
  var pendingCount = 0
  /// How many of the pending revocations are of certificates without a distribution point, as releases before this one
  /// made them.
  var namelessCount = 0
  var partialCount = 0
  var partialEntryCount = 0
  var fullEntryCount = 0

  /// OpenSSL looks at all lists of an issuer at each handshake, and a program that starts reads them all.
  static let maximumPartialCount = 1_024
  /// Names of partial lists are searched one after the other.
  static let leastEntriesForFull = 4_096

  /// What kind of list is to be published next; nil: there is nothing to publish.
  var nextKind: PublishedList.Kind? {
    guard pendingCount > 0 else { return nil }
    if namelessCount > 0 { return .full }
    let entries = partialEntryCount + pendingCount
    // Grows with what the full list has, so that all full lists together stay within a few times the last of them.
    if entries > max(Self.leastEntriesForFull, fullEntryCount / 2) { return .full }
    return partialCount < Self.maximumPartialCount ? .partial : .full
  }
}

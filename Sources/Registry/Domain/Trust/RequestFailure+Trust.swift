package import FirmwareImage
package import Foundations
package import RootDocument

extension RequestFailure {
  /// Something can't be signed because devices could not learn whose signatures to trust.
  package static let noRootDocument = RequestFailure(
    .conflict, reason: "no-root-document",
    message: "there is no root document yet, so no device could know whose signatures to trust: make one with "
      + "`xtblish-registry root init`")

  /// Something can't be signed because devices would not take it: their root document has expired.
  package static func rootDocumentExpired(_ version: UInt64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "root-document-expired",
      message: "root document \(version) has expired, so devices take nothing new: publish the next one with "
        + "`xtblish-registry root update`")
  }

  /// An image has an epoch below that of one which the device confirmed, and would be refused by it.
  package static func securityEpochTooLow(_ id: DeviceID, _ epoch: UInt32, confirmed: UInt32) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "security-epoch-too-low",
      message: "device \(id) has confirmed an image of security epoch \(confirmed), so it takes none of epoch \(epoch) "
        + "any more: have the publisher sign the app with epoch \(confirmed) or a higher one")
  }

  /// What devices would refuse of an app's publisher, said before the director signs.
  package init(publisher error: ImageFormatError) {
    self.init(.invalid, reason: error.reason, message: error.description + error.advice)
  }

  /// Nothing can be signed, because no replica has made a key yet.
  package static let noDirectorKey = RequestFailure(
    .unavailable, reason: DirectorKeyReason.none,
    message: "the director has no key yet. A Registry with registry.director.directory makes it when it starts",
    retryAfterMilliseconds: 1000)

  /// There is no root document of this version; nil: none at all.
  package static func unknownRootDocument(_ version: UInt64?) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-root-document",
      message: version.map { "there is no root document \($0)" }
        ?? "there is no root document yet: make one with `xtblish-registry root init`")
  }

  /// A root document was to be published with which nothing could be assigned any more.
  package static func directorNotNamed(_ id: KeyID) -> RequestFailure {
    RequestFailure(
      .invalid, reason: "root-document-lacks-director",
      message: "the root document names neither the director's key \(id), which signs, nor the next one: devices would "
        + "take nothing that is assigned; make it with `xtblish-registry root draft` or `root update`")
  }

  package init(_ error: RootDocumentError) {
    self.init(.invalid, reason: error.reason, message: error.description)
  }

  package init(_ error: SigningKeyError) {
    self.init(.internal, reason: "director-key", message: error.description)
  }
}

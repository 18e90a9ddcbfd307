import FirmwareImage
import Wire

extension WireFailure {
  static let noRootDocument = WireFailure(
    .conflict, reason: "no-root-document",
    message: "There is no root document yet, so no device could know whose signatures to trust. Make one with "
      + "`xtblish-registry root init`.")

  static func rootDocumentExpired(_ version: UInt64) -> WireFailure {
    WireFailure(
      .conflict, reason: "root-document-expired",
      message: "Root document \(version) has expired, so devices take nothing new. Publish the next one with "
        + "`xtblish-registry root update`.")
  }

  static func securityEpochTooLow(_ id: DeviceID, _ epoch: UInt32, confirmed: UInt32) -> WireFailure {
    WireFailure(
      .conflict, reason: "security-epoch-too-low",
      message: "Device \(id) has confirmed an image of security epoch \(confirmed), so it takes none of epoch \(epoch) "
        + "any more. Have the publisher sign the app with epoch \(confirmed) or a higher one.")
  }

  /// What devices would refuse of an app's publisher, said before the director signs.
  init(publisher error: ImageFormatError) {
    self.init(.invalid, reason: error.reason, message: error.description + error.advice)
  }

  static let noDirectorKey = WireFailure(
    .unavailable, reason: "no-director-key",
    message: "The director has no key yet. A Registry with registry.director.directory makes it when it starts.",
    retryAfterMilliseconds: 1000)

  static func unknownRootDocument(_ version: UInt64?) -> WireFailure {
    WireFailure(
      .notFound, reason: "unknown-root-document",
      message: version.map { "There is no root document \($0)." }
        ?? "There is no root document yet. Make one with `xtblish-registry root init`.")
  }

  static func directorNotNamed(_ id: KeyID) -> WireFailure {
    WireFailure(
      .invalid, reason: "root-document-lacks-director",
      message: "The root document names neither the director's key \(id), which signs, nor the next one: devices would "
        + "take nothing that is assigned. Make it with `xtblish-registry root draft` or `root update`.")
  }

  init(_ error: RootDocumentError) {
    self.init(.invalid, reason: error.reason, message: error.description)
  }

  init(_ error: SigningKeyError) {
    self.init(.internal, reason: "director-key", message: error.description)
  }
}

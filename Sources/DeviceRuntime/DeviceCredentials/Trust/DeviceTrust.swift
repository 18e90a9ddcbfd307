import DeviceProtocol
package import DeviceStorage
package import FirmwareImage
package import Foundations
package import OpenSSL
import RootDocument

/// What a device demands of an image: what its fuses and its root documents say.
package struct DeviceTrust: Sendable {
  private enum Source: Sendable {
    case unsigned
    case fuses(any OTPBank, RootDocumentStore)
  }

  private let source: Source

  /// The trust of a device that enrolled insecurely: it takes images that nobody signed.
  package static let unsigned = DeviceTrust(source: .unsigned)

  private init(source: Source) { self.source = source }

  package init(bank: any OTPBank, documents: RootDocumentStore) {
    source = .fuses(bank, documents)
  }

  /// What is demanded of an image that is to replace the present one.
  ///
  /// - Throws: `RootDocumentError` if the newest root document has expired, or `OTPError`.
  package func forNewImage(lowestVersion: UInt64, now: UTCTime = .now) throws -> ImageTrust {
    guard case .fuses(let bank, let documents) = source else {
      return .unsigned(lowestVersion: lowestVersion, highestHostAPILevel: HostInterface.level)
    }
    let contents = OTPContents(try bank.read())
    return ImageTrust(
      root: try documents.current(at: now), isPublisherRequired: contents.publisherSignatureRequired,
      lowestVersion: lowestVersion, lowestSecurityEpoch: contents.securityEpoch,
      highestHostAPILevel: HostInterface.level)
  }

  /// What is demanded of an image that this device took earlier. What a root document of its past allowed stays
  /// allowed, and none of them expires: a device that was asleep, or whose clock is wrong, must still start its app.
  package func forKeptImage() throws -> ImageTrust {
    guard case .fuses(let bank, let documents) = source else { return .unsigned() }
    let contents = OTPContents(try bank.read())
    let all = documents.all
    return ImageTrust(
      directors: all.flatMap(\.directors), publishers: all.flatMap(\.publishers),
      isPublisherRequired: contents.publisherSignatureRequired, lowestSecurityEpoch: contents.securityEpoch,
      highestHostAPILevel: .max)
  }

  /// The keys that the newest root document delegates by exactly this name: those of all apps are not among them. None
  /// where there are no root documents.
  ///
  /// - Throws: `RootDocumentError` if the newest root document has expired.
  package func keys(delegatedFor name: String, now: UTCTime = .now) throws -> [Ed25519.PublicKey] {
    guard case .fuses(_, let documents) = source else { return [] }
    let label = try AppLabel(name)
    return try documents.current(at: now).publishers.compactMap { publisher in
      guard case .named(let names) = publisher.apps, names.contains(label) else { return nil }
      return publisher.key.publicKey
    }
  }

  /// Why no image of that security epoch can be taken; nil if one can. An epoch above what the fuses can count is
  /// refused: once confirmed, it could not be told from a lower one that is to be refused.
  package func objection(toSecurityEpoch epoch: UInt32) -> String? {
    guard hasFuses, epoch > OTPLayout.highestSecurityEpoch else { return nil }
    return "its security epoch is \(epoch), and this device's fuses count to \(OTPLayout.highestSecurityEpoch)"
  }

  /// Whether newer root documents may change what the error says.
  package static func mayBeOutdated(_ error: any Error) -> Bool {
    switch error {
    case ImageFormatError.unknownKey, ImageFormatError.publisherNotDelegated, RootDocumentError.expired: true
    default: false
    }
  }

  /// The version of the newest root document that is known; 0 where there are none.
  package var rootDocumentVersion: UInt64 {
    guard case .fuses(_, let documents) = source else { return 0 }
    return documents.latestVersion
  }

  /// Looks for newer root documents.
  @discardableResult
  package func refresh() async -> RootDocumentStore.Refreshed {
    guard case .fuses(_, let documents) = source else { return .taken(0) }
    return await documents.refresh()
  }

  /// Burns that images of a lower epoch are refused from now on. Blocks.
  package func raiseSecurityEpoch(to epoch: UInt32) throws(OTPError) {
    guard case .fuses(let bank, _) = source else { return }
    try bank.raiseSecurityEpoch(to: epoch)
  }

  /// The lowest epoch that the fuses allow; 0 without fuses.
  package func lowestSecurityEpoch() throws(OTPError) -> UInt32 {
    guard case .fuses(let bank, _) = source else { return 0 }
    return OTPContents(try bank.read()).securityEpoch
  }

  /// Whether there are fuses to raise the epoch in.
  package var hasFuses: Bool { if case .fuses = source { true } else { false } }
}

package import Foundations

/// What an image must prove before it may be loaded.
///
/// There is no trust by default: who wants to load images that nobody signed says so by `unsigned`.
package struct ImageTrust: Hashable, Sendable {
  /// Whose signatures count.
  package enum Signers: Hashable, Sendable {
    /// Hash and form are checked, signatures are not: for tests and for installations that were made insecure.
    case nobody
    /// One of the directors must have signed. A publisher must have too where one is required; where none is, a
    /// publisher's signature that is there must still be good.
    case signers(directors: [TrustedKey], publishers: [PublisherDelegation], isPublisherRequired: Bool)
  }

  /// Who must have signed.
  package var signers: Signers
  /// The lowest firmware version to take.
  package var lowestVersion: UInt64
  /// The lowest security epoch to take; a plain image's is 0.
  package var lowestSecurityEpoch: UInt32
  /// The highest host API level there is; a plain image asks for 0.
  package var highestHostAPILevel: UInt32

  package init(
    directors: [TrustedKey], publishers: [PublisherDelegation], isPublisherRequired: Bool, lowestVersion: UInt64 = 0,
    lowestSecurityEpoch: UInt32, highestHostAPILevel: UInt32
  ) {
    signers = .signers(directors: directors, publishers: publishers, isPublisherRequired: isPublisherRequired)
    self.lowestVersion = lowestVersion
    self.lowestSecurityEpoch = lowestSecurityEpoch
    self.highestHostAPILevel = highestHostAPILevel
  }

  /// Takes images whatever signed them, or nobody: for tests, and for installations that were made insecure.
  package static func unsigned(
    lowestVersion: UInt64 = 0, lowestSecurityEpoch: UInt32 = 0, highestHostAPILevel: UInt32 = .max
  ) -> ImageTrust {
    var trust = ImageTrust(
      directors: [], publishers: [], isPublisherRequired: true, lowestVersion: lowestVersion,
      lowestSecurityEpoch: lowestSecurityEpoch, highestHostAPILevel: highestHostAPILevel)
    trust.signers = .nobody
    return trust
  }

  /// Checks all that a header states, in order of trust: director, publisher, device, version, epoch, host API level.
  /// The image's hash comes before all of these; whoever has a verdict has checked it.
  ///
  /// - Parameter device: whose image this must be; nil to take any device's.
  package func check(_ configuration: ImageConfiguration, for device: DeviceID?) throws(ImageFormatError) {
    try checkSignatures(configuration)
    if let device, configuration.device != device {
      throw .deviceMismatch(expected: device, actual: configuration.device)
    }
    if let version = configuration.manifest?.firmwareVersion, version < lowestVersion {
      throw .versionTooLow(version, lowest: lowestVersion)
    }
    let epoch = configuration.manifest?.app.securityEpoch ?? 0
    guard epoch >= lowestSecurityEpoch else { throw .securityEpochTooLow(epoch, lowest: lowestSecurityEpoch) }
    let level = configuration.manifest?.app.hostAPILevel ?? 0
    guard level <= highestHostAPILevel else { throw .hostAPILevelTooHigh(level, highest: highestHostAPILevel) }
  }

  /// Throws unless a director who counts signed the configuration, where signatures count.
  package func checkDirector(_ configuration: ImageConfiguration) throws(ImageFormatError) {
    guard case .signers(let directors, _, _) = signers else { return }
    try configuration.verifyDirector(trusting: directors.map(\.publicKey))
  }

  private func checkSignatures(_ configuration: ImageConfiguration) throws(ImageFormatError) {
    try checkDirector(configuration)
    guard case .signers(_, let publishers, let isPublisherRequired) = signers else { return }
    // The director's signature is good, so there is a manifest.
    guard let manifest = configuration.manifest else { throw .signatureMissing(.director) }
    let policy: PublisherPolicy = isPublisherRequired ? .required : .optional
    if policy.demandsProof(of: manifest.publisher) {
      try manifest.app.verify(publisher: manifest.publisher, delegatedBy: publishers)
    }
  }
}

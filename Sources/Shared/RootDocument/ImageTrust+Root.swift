import FirmwareImage

extension ImageTrust {
  /// Trusts the directors and publishers that a root document names.
  package init(
    root: RootDocument, isPublisherRequired: Bool, lowestVersion: UInt64 = 0, lowestSecurityEpoch: UInt32,
    highestHostAPILevel: UInt32
  ) {
    self.init(
      directors: root.directors, publishers: root.publishers, isPublisherRequired: isPublisherRequired,
      lowestVersion: lowestVersion, lowestSecurityEpoch: lowestSecurityEpoch, highestHostAPILevel: highestHostAPILevel)
  }
}

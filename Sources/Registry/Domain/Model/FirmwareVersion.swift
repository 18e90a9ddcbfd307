package import FoundationEssentials
package import Foundations

/// One `version` of the firmware of a `device`, counted from 1 for each device: the app in its `image`, when it was
/// assigned (`createdAt`), and what the device made of it (`history`).
package struct FirmwareVersion: Sendable, Equatable {
  package var device: DeviceID
  package var version: UInt64
  package var image: PublishedApp
  /// Bytes 32…543 of the image.
  package var configuration: [UInt8]
  package var createdAt: Date
  /// When the broker last acknowledged a notification of the version; nil if it has not yet.
  package var notifiedAt: Date?

  package init(
    device: DeviceID, version: UInt64, image: PublishedApp, configuration: [UInt8], createdAt: Date, notifiedAt: Date?,
    history: FirmwareHistory = FirmwareHistory()
  ) {
    self.device = device
    self.version = version
    self.image = image
    self.configuration = configuration
    self.createdAt = createdAt
    self.notifiedAt = notifiedAt
    self.history = history
  }
  package var history = FirmwareHistory()
}

/// What a device made of a version, as far as it said so. Times are the Registry's.
package struct FirmwareHistory: Sendable, Equatable {
  /// That the device did not keep the version, and when it said so (`at`).
  package struct Failure: Sendable, Equatable {
    package var at: Date
    /// The device's word for it: `rolled-back` or `refused`.
    package var status: String
    /// Why, in the device's words; may be empty.
    package var reason: String

    package init(at: Date, status: String, reason: String) {
      self.at = at
      self.status = status
      self.reason = reason
    }
  }

  /// When the device first said that it runs the version, on trial or confirmed.
  package var trialAt: Date?
  /// When the device first said that it keeps the version.
  package var confirmedAt: Date?
  /// The last time that the device said that it did not keep the version.
  package var failure: Failure?
  /// For how long no app handled events when the device switched to the version; 0 if that was not measured.
  package var switchGapNanoseconds: UInt64 = 0

  package init(
    trialAt: Date? = nil, confirmedAt: Date? = nil, failure: Failure? = nil, switchGapNanoseconds: UInt64 = 0
  ) {
    self.trialAt = trialAt
    self.confirmedAt = confirmedAt
    self.failure = failure
    self.switchGapNanoseconds = switchGapNanoseconds
  }
}

/// What came of assigning an image: the `version` that it became.
package struct Assignment: Sendable, Equatable {
  package var version: UInt64
  /// Bytes 32…543 of the image.
  package var configuration: [UInt8]
  /// Whether this answers a request that was made before with the same key, and so made no new version.
  package var repeated: Bool

  package init(version: UInt64, configuration: [UInt8], repeated: Bool) {
    self.version = version
    self.configuration = configuration
    self.repeated = repeated
  }
}

import FirmwareImage
package import FoundationEssentials
package import Foundations

/// One version of a device's firmware.
package struct FirmwareVersion: Sendable, Equatable {
  package var device: DeviceID
  package var version: UInt64
  package var image: PublishedApp
  /// Bytes 32…543 of the image.
  package var configuration: [UInt8]
  package var createdAt: Date
  /// When the broker last acknowledged a notification of it; nil: not yet.
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

/// What a device made of a version, as far as it said so.
package struct FirmwareHistory: Sendable, Equatable {
  package struct Failure: Sendable, Equatable {
    package var at: Date
    /// "rolled-back" or "refused".
    package var status: String
    /// In the device's words.
    package var reason: String

    package init(at: Date, status: String, reason: String) {
      self.at = at
      self.status = status
      self.reason = reason
    }
  }

  /// When it first said that it tries it, and that it keeps it.
  package var trialAt: Date?
  package var confirmedAt: Date?
  /// When it last said that it did not keep it.
  package var failure: Failure?
  /// How long no app handled events at the switch to it; 0: not measured.
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

/// What came of assigning an image.
package struct Assignment: Sendable, Equatable {
  package var version: UInt64
  /// Bytes 32…543 of the image.
  package var configuration: [UInt8]
  /// True when this repeats an earlier request of the same key.
  package var repeated: Bool

  package init(version: UInt64, configuration: [UInt8], repeated: Bool) {
    self.version = version
    self.configuration = configuration
    self.repeated = repeated
  }
}

import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import RegistryDomain
import SwiftProtobuf
import TextFormats
package import Wire

/// A version of a device's firmware as JSON: the `device` (a UUID), the `version`, the `digest` and `lengthBytes` of
/// its wasm, and what the publisher says of the app: `appName`, `appVersion`, its `securityEpoch` and the
/// `hostApiLevel` that it needs. It was assigned at `createdAt`, and the broker last had a notification of it at
/// `notifiedAt`. Times are in ISO 8601 and UTC, and left out while what they are about has not happened.
package struct FirmwareDocument: Codable, Sendable, Equatable {
  package var device: String
  package var version: UInt64
  package var digest: String
  package var lengthBytes: UInt64
  var appName: String
  var appVersion: String
  var securityEpoch: UInt32
  var hostApiLevel: UInt32
  /// The ID of the publisher's key in hexadecimal digits; left out if no publisher signed.
  var publisherKey: String?
  var createdAt: String
  var notifiedAt: String?
  /// What became of it last: `assigned`, `notified`, `trial`, `confirmed`, `rolled-back` or `refused`.
  package var status: String
  /// When the device first said that it runs the version.
  var trialAt: String?
  /// When the device first said that it keeps the version.
  var confirmedAt: String?
  /// When the device said that it did not keep the version: with the word `failedStatus` (`rolled-back` or
  /// `refused`), and for the reason `failedReason`.
  var failedAt: String?
  /// The device's word for it: `rolled-back` or `refused`.
  var failedStatus: String?
  /// Why the version was not kept, in the device's words.
  var failedReason: String?
  /// For how long no app handled events at the switch to the version; left out if that was not measured.
  var switchGapNanoseconds: UInt64?
}

extension FirmwareDocument {
  package init(_ wire: WireFirmware) {
    self.init(
      device: DeviceID(bytes: wire.deviceID)?.description ?? "", version: wire.version,
      digest: SHA256Digest(bytes: wire.image.digest)?.description ?? "", lengthBytes: wire.image.lengthBytes,
      appName: wire.image.appName, appVersion: wire.image.appVersion, securityEpoch: wire.image.securityEpoch,
      hostApiLevel: wire.image.hostApiLevel, publisherKey: KeyID(bytes: wire.image.publisherKeyID).map { "\($0)" },
      createdAt: JSONCoding.text(of: wire.createdAt.date),
      notifiedAt: wire.hasNotifiedAt ? JSONCoding.text(of: wire.notifiedAt.date) : nil, status: Self.status(wire),
      trialAt: wire.hasTrialAt ? JSONCoding.text(of: wire.trialAt.date) : nil,
      confirmedAt: wire.hasConfirmedAt ? JSONCoding.text(of: wire.confirmedAt.date) : nil,
      failedAt: wire.hasFailedAt ? JSONCoding.text(of: wire.failedAt.date) : nil,
      failedStatus: wire.hasFailedAt ? wire.failedStatus : nil,
      failedReason: wire.hasFailedAt ? wire.failedReason : nil,
      switchGapNanoseconds: wire.switchGapNanoseconds == 0 ? nil : wire.switchGapNanoseconds)
  }

  private static func status(_ wire: WireFirmware) -> String {
    // A version may be confirmed and fail later, or the other way round.
    if wire.hasFailedAt, !wire.hasConfirmedAt || wire.failedAt.date >= wire.confirmedAt.date {
      return wire.failedStatus
    }
    if wire.hasConfirmedAt { return RunStatus.confirmed.rawValue }
    if wire.hasTrialAt { return RunStatus.trial.rawValue }
    return wire.hasNotifiedAt ? DeploymentStage.notified : DeploymentStage.assigned
  }
}

import FirmwareImage
package import Foundations

/// The answers of the Registry to what it can't do, the same over HTTP and on the bus.
extension RequestFailure {
  /// No device has this ID.
  package static func unknownDevice(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-device",
      message: "there is no device \(id): create it first, or list the devices there are")
  }

  /// The device was never given that version, or it is not kept any more.
  package static func unknownFirmware(_ id: DeviceID, version: UInt64) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-firmware",
      message: "device \(id) has no firmware version \(version): list its firmware to see what it has")
  }

  /// Nothing was ever assigned to the device.
  package static func noFirmware(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "no-firmware",
      message: "device \(id) has no firmware yet: upload an image for it to the image store")
  }

  /// A report came over HTTP for a device that reports over MQTT, where only the device itself can.
  package static func reportsOverMQTT(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "reports-over-mqtt",
      message:
        "device \(id) states what it runs over MQTT: only a device that never did so reports at the polling door")
  }

  /// A retry was asked for, and the device has not failed the version that it should run.
  package static func nothingToRetry(_ id: DeviceID, version: UInt64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "nothing-to-retry",
      message:
        "device \(id) has not rolled back or refused its version \(version), nor taken no notice of it: there is "
        + "nothing to try again")
  }

  /// A roll-back was asked for without naming a version, and there is none to choose.
  package static func nothingToRollBackTo(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "nothing-to-roll-back-to",
      message: "device \(id) has confirmed no earlier image: name one of its versions with --to: `firmware list` shows "
        + "them")
  }

  /// A roll-back was asked for to what the device should run already.
  package static func alreadyDesired(_ id: DeviceID, version: UInt64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "already-desired",
      message: "version \(version) is what device \(id) should run already: name an earlier one")
  }

  /// A notification was asked for of a version that the device would not take again.
  package static func heldBack(_ id: DeviceID, version: UInt64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "firmware-failed",
      message: "device \(id) rolled back or refused version \(version) and takes it no more: let it try the same image "
        + "as a new version with `firmware retry`, or assign another image")
  }

  /// A device that was to be made existed, and was deleted at that moment.
  package static func deletedMeanwhile(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .unavailable, reason: "device-deleted-meanwhile",
      message: "device \(id) was deleted at this moment: try again", retryAfterMilliseconds: 100)
  }

  /// A device is to be made with the ID of one that has another serial number.
  package static func deviceExists(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "device-exists",
      message: "device \(id) exists with another serial: use another ID, or delete that device first")
  }

  /// The device was taken out of service, and what was asked for is for devices in service.
  package static func decommissioned(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "device-decommissioned",
      message:
        "device \(id) was taken out of service: nothing can be assigned to it; if its board comes back: "
        + "xtblish-registry devices recommission \(id)")
  }

  /// A token is to be made with the name of one that is not revoked.
  package static func tokenExists(_ name: String) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "token-exists",
      message: "there is a token \(name): use another name, or revoke that one first")
  }

  /// No token that is not revoked has this name.
  package static func unknownToken(_ name: String) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-token", message: "there is no token \(name): list the tokens there are")
  }

  /// The same key came with another image than before.
  package static func idempotencyKeyReused(version: UInt64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "idempotency-key-reused",
      message: "the idempotency key was used for another image, which became version \(version): "
        + "use a new key for a new image")
  }

  /// The reason of ``eventsWentBack(asked:newest:)``, by which followers know to begin anew.
  package static let eventsWentBackReason = "events-went-back"

  /// Events after one that does not exist were asked for.
  package static func eventsWentBack(asked: UInt64, newest: UInt64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: eventsWentBackReason,
      message: "there is no event \(asked) yet: the newest is \(newest). The registry's database was restored from a "
        + "backup, and their numbers are given out again. Go on after \(newest), or read from 0 again")
  }

  /// The device's name or tags were changed since the client read them.
  package static func revisionMismatch(current: Int64) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "revision-mismatch",
      message:
        "the device was changed meanwhile: its revision is now \(current); read it again, then repeat the change")
  }
}

import DeviceProtocol
import FirmwareImage
import FoundationEssentials
package import Foundations
package import RegistryDomain
import RegistryStorage
import SwiftProtobuf
package import Wire

// What clients send, turned into values whose form is right; anything else is refused with its reason.

extension PublishedApp {
  /// - Throws: `invalid` for what no image can be, or half a signature.
  package init(_ wire: WireAppImage) throws(RequestFailure) {
    let digest = try SHA256Digest(checking: wire.digest)
    let app: AppDescription
    do throws(ImageFormatError) {
      app = try AppDescription(
        wasmLength: wire.lengthBytes, wasmDigest: digest, securityEpoch: wire.securityEpoch,
        hostAPILevel: wire.hostApiLevel, name: AppLabel.naming(wire.appName, field: .appName),
        version: AppLabel.naming(wire.appVersion, field: .appVersion))
    } catch {
      throw RequestFailure(.invalid, reason: "invalid-image", message: "\(error)")
    }
    self.init(app: app, publisher: try Self.publisher(wire))
  }

  private static func publisher(_ wire: WireAppImage) throws(RequestFailure) -> ImageSignature? {
    if wire.publisherKeyID.isEmpty, wire.publisherSignature.isEmpty { return nil }
    guard let key = KeyID(bytes: wire.publisherKeyID),
      let signature = ImageSignature(keyID: key, signature: wire.publisherSignature)
    else {
      throw RequestFailure(
        field: "publisher", "is not complete: a key ID of 8 bytes and a signature of 64, not all zero, or neither")
    }
    return signature
  }
}

extension FirmwareReference {
  /// - Throws: `invalid` for a version out of range or a digest of a wrong length.
  init(_ wire: WireFirmwareReference) throws(RequestFailure) {
    guard (1...UInt64(Int64.max)).contains(wire.version) else {
      throw RequestFailure(field: "version", "is \(wire.version): versions go from 1 to 2^63-1")
    }
    self.init(version: wire.version, digest: try SHA256Digest(checking: wire.digest))
  }
}

extension ReportedState {
  /// The state without its time (`at`), which the Registry says itself.
  init(_ wire: WireReportedState) throws(RequestFailure) {
    guard let status = RunStatus(rawValue: wire.status) else {
      throw RequestFailure(field: "status", "is none of \(RunStatus.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard wire.slot.isEmpty || SlotName(rawValue: wire.slot) != nil else {
      throw RequestFailure(field: "slot", "is neither A nor B, nor empty")
    }
    let failed = wire.hasFailed ? try FirmwareReference(wire.failed) : nil
    if status.isFailure, failed == nil {
      throw RequestFailure(field: "failed", "is missing: say which version was not kept")
    }
    let reason = FieldRules.sanitizedReason(wire.reason)
    self.init(
      running: try Self.running(wire), slot: wire.slot, status: status, reason: reason,
      at: Date(timeIntervalSince1970: 0), failed: failed, failedReason: status.isFailure ? reason : "",
      switchGapNanoseconds: min(wire.switchGapNanoseconds, UInt64(Int64.max)),
      waiting: wire.hasWaiting ? Waiting(wire.waiting) : nil,
      timing: wire.hasTiming ? DeviceTiming(wire.timing) : nil)
  }

  /// What runs; nil for version 0 with an empty digest, by which a device says that nothing runs yet.
  private static func running(_ wire: WireReportedState) throws(RequestFailure) -> FirmwareReference? {
    if wire.version == 0, wire.digest.isEmpty { return nil }
    var reference = WireFirmwareReference()
    reference.version = wire.version
    reference.digest = wire.digest
    return try FirmwareReference(reference)
  }
}

extension [DeploymentMark] {
  package init(_ wire: [WireDeploymentMark]) {
    self = wire.map { DeploymentMark($0.name, $0.microseconds) }
  }
}

extension DeviceTiming {
  init(_ wire: WireDeploymentTiming) {
    self.init(
      version: wire.version, marks: [DeploymentMark](wire.marks),
      parentSpan: RandomName.number(wire.parentSpan) == nil ? "" : wire.parentSpan, imageBytes: wire.imageBytes)
  }
}

extension ReportPosition {
  init(_ wire: WireReportPosition) {
    self.init(epoch: wire.epoch, sequence: wire.sequence)
  }
}

extension Waiting {
  /// Nil if it gives no reason.
  init?(_ wire: WireWaiting) {
    let reason = FieldRules.sanitizedReason(wire.reason)
    guard !reason.isEmpty else { return nil }
    // A device's clock may say anything; PostgreSQL's years end.
    let seconds = wire.hasSince && (1...253_402_300_799).contains(wire.since.seconds) ? wire.since.seconds : nil
    self.init(
      version: min(wire.version, UInt64(Int64.max)), reason: reason,
      since: seconds.map { Date(timeIntervalSince1970: Double($0)) })
  }
}

extension ReceivedReport {
  /// - Throws: `invalid` for a report whose form is wrong.
  package init(_ wire: WireDeviceReport) throws(RequestFailure) {
    let device = try DeviceID(checking: wire.deviceID)
    switch wire.content {
    case .online(let online):
      self.init(device: device, content: .presence(online: online))
    case .state(let state):
      guard (1...UInt64(Int64.max)).contains(wire.sequence) else {
        throw RequestFailure(field: "sequence", "is \(wire.sequence): sequences go from 1 to 2^63-1")
      }
      self.init(
        device: device,
        content: .state(
          try ReportedState(state), at: ReportPosition(epoch: wire.epoch, sequence: wire.sequence),
          supersedes: wire.hasSupersedes ? ReportPosition(wire.supersedes) : nil))
    case nil:
      throw RequestFailure(field: "content", "is missing: send a state or a presence")
    }
  }
}

extension ReceivedLogBatch {
  /// - Throws: `invalid` for a batch of which nothing can be used.
  package init(_ wire: WireDeviceLogBatch) throws(RequestFailure) {
    try self.init(
      device: DeviceID(checking: wire.deviceID), logID: wire.logID,
      sent: wire.lines.map { (id: $0.id, line: LogLine($0)) }, lostCount: wire.lost,
      run: wire.run == 0 ? nil : Run(id: wire.run, after: wire.runAfter))
  }
}

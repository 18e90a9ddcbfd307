import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
package import RegistryDomain
import SwiftProtobuf
package import Wire

// What the Registry answers.

extension WireFirmwareReference {
  init(_ reference: FirmwareReference) {
    self.init()
    version = reference.version
    digest = Data(reference.digest.bytes)
  }
}

extension WireReportedState {
  init(_ state: ReportedState) {
    self.init()
    if let running = state.running {
      version = running.version
      digest = Data(running.digest.bytes)
    }
    slot = state.slot
    status = state.status.rawValue
    reason = state.reason
    at = Google_Protobuf_Timestamp(state.at)
    if let failed = state.failed { self.failed = WireFirmwareReference(failed) }
    failedReason = state.failedReason
    switchGapNanoseconds = state.switchGapNanoseconds
    if let waiting = state.waiting { self.waiting = WireWaiting(waiting) }
  }
}

extension WireWaiting {
  init(_ waiting: Waiting) {
    self.init()
    version = waiting.version
    reason = waiting.reason
    if let since = waiting.since { self.since = Google_Protobuf_Timestamp(since) }
  }
}

extension WireDevice {
  package init(_ device: Device) {
    self.init()
    id = Data(device.id.bytes)
    name = device.name
    tags = device.tags
    serial = device.serial
    online = device.online
    if let seen = device.lastSeen { lastSeen = Google_Protobuf_Timestamp(seen) }
    createdAt = Google_Protobuf_Timestamp(device.createdAt)
    if let desired = device.desired { self.desired = WireFirmwareReference(desired) }
    if let reported = device.reported { self.reported = WireReportedState(reported) }
    if let app = device.app {
      self.app.name = app.name.text
      self.app.version = app.version.text
    }
    state = device.state.rawValue
    health = device.health.rawValue
    healthReason = device.healthReason
    revision = UInt64(clamping: device.revision)
    if let waiting = device.waiting { self.waiting = WireWaiting(waiting) }
    divergence = device.divergence?.rawValue ?? ""
    if let cloned = device.clonedAt { clonedAt = Google_Protobuf_Timestamp(cloned) }
  }
}

extension WireAppImage {
  init(_ image: PublishedApp) {
    self.init()
    digest = Data(image.app.wasmDigest.bytes)
    lengthBytes = image.app.wasmLength
    appName = image.app.name.text
    appVersion = image.app.version.text
    securityEpoch = image.app.securityEpoch
    hostApiLevel = image.app.hostAPILevel
    if let publisher = image.publisher {
      publisherKeyID = Data(publisher.keyID.bytes)
      publisherSignature = Data(publisher.signature)
    }
  }
}

extension WireFirmware {
  package init(_ firmware: FirmwareVersion) {
    self.init()
    deviceID = Data(firmware.device.bytes)
    version = firmware.version
    image = WireAppImage(firmware.image)
    configuration = Data(firmware.configuration)
    createdAt = Google_Protobuf_Timestamp(firmware.createdAt)
    if let notified = firmware.notifiedAt { notifiedAt = Google_Protobuf_Timestamp(notified) }
    if let trial = firmware.history.trialAt { trialAt = Google_Protobuf_Timestamp(trial) }
    if let confirmed = firmware.history.confirmedAt { confirmedAt = Google_Protobuf_Timestamp(confirmed) }
    if let failure = firmware.history.failure {
      failedAt = Google_Protobuf_Timestamp(failure.at)
      failedStatus = failure.status
      failedReason = failure.reason
    }
    switchGapNanoseconds = firmware.history.switchGapNanoseconds
  }
}

extension WireEvent {
  package init(_ event: RegistryEvent) {
    self.init()
    id = event.id
    deviceID = Data(event.device.bytes)
    kind = event.kind
    at = Google_Protobuf_Timestamp(event.at)
    detailJson = event.detail
  }
}

extension WireReportOutcome {
  package init(_ verdict: ReportVerdict, of report: WireDeviceReport) {
    self.init()
    deviceID = report.deviceID
    sequence = report.sequence
    stored = verdict == .stored || verdict == .repeated
    if case .stale(let position) = verdict {
      held = WireReportPosition.with {
        $0.epoch = position.epoch
        $0.sequence = position.sequence
      }
    }
    reason =
      switch verdict {
      case .stored, .repeated: ""
      case .stale: "stale"
      case .unknownDevice: "unknown-device"
      case .invalid: "invalid"
      }
  }
}

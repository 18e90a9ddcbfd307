package import FoundationEssentials
internal import Foundations
internal import SwiftProtobuf
package import Wire

/// The agent's answers as `--json` shows them.
package struct DeviceStatusView: Encodable, Sendable {
  package struct Running: Encodable, Sendable {
    package var version: UInt64
    package var digest: String
    package var slot: String
    package var status: String
    package var appName: String
    package var appVersion: String
    /// nil while no process runs.
    package var pid: Int32?
    package var startedAt: Date?
  }

  package struct Download: Encodable, Sendable {
    package var bytesDone: UInt64
    package var bytesTotal: UInt64
  }

  package struct Waiting: Encodable, Sendable {
    /// nil: it is not about a version.
    package var version: UInt64?
    package var reason: String
    package var since: Date
  }

  package var id: String
  package var name: String
  package var agentVersion: String
  package var connected: Bool
  package var phase: String
  package var detail: String
  package var running: Running?
  package var startedAt: Date
  package var download: Download?
  /// What the device waits for.
  package var waiting: [Waiting]
  /// Nil for a device without a certificate.
  package var certificateEndsAt: Date?
  package var diskFreeBytes: UInt64?
  package var diskSizeBytes: UInt64?

  package init(_ status: WireDeviceStatus) {
    id = DeviceID(bytes: status.deviceID)?.description ?? ""
    name = status.name
    agentVersion = status.version
    connected = status.connected
    phase = status.phase
    detail = status.detail
    if status.hasRunning {
      let app = status.running
      running = Running(
        version: app.version, digest: SHA256Digest(bytes: app.digest)?.description ?? "", slot: app.slot,
        status: app.status, appName: app.appName, appVersion: app.appVersion, pid: app.pid > 0 ? app.pid : nil,
        startedAt: app.hasStartedAt ? app.startedAt.date : nil)
    }
    startedAt = status.startedAt.date
    waiting = status.waiting.map {
      Waiting(version: $0.version == 0 ? nil : $0.version, reason: $0.reason, since: $0.since.date)
    }
    if status.downloadBytesTotal > 0 {
      download = Download(bytesDone: status.downloadBytesDone, bytesTotal: status.downloadBytesTotal)
    }
    certificateEndsAt = status.hasCertificateEndsAt ? status.certificateEndsAt.date : nil
    if status.diskSizeBytes > 0 {
      diskFreeBytes = status.diskFreeBytes
      diskSizeBytes = status.diskSizeBytes
    }
  }
}

package struct SlotView: Encodable, Sendable {
  package var name: String
  package var active: Bool
  package var status: String
  package var version: UInt64
  package var digest: String
  package var sizeBytes: UInt64
  package var appName: String
  package var appVersion: String

  package init(_ slot: WireSlot) {
    name = slot.name
    active = slot.active
    status = slot.status
    version = slot.version
    digest = SHA256Digest(bytes: slot.digest)?.description ?? ""
    sizeBytes = slot.sizeBytes
    appName = slot.appName
    appVersion = slot.appVersion
  }
}

package struct LogLineView: Encodable, Sendable {
  package var id: UInt64
  package var at: Date
  package var monotonicNanoseconds: UInt64
  package var level: String
  package var source: String
  package var firmwareVersion: UInt64
  package var text: String

  package init(_ line: WireLogLine) {
    id = line.id
    at = line.at.date
    monotonicNanoseconds = line.monotonicNanoseconds
    level = line.level
    source = line.source
    firmwareVersion = line.firmwareVersion
    text = line.text
  }
}

package struct PinView: Encodable, Sendable {
  package var name: String
  /// "input" or "output".
  package var direction: String
  package var level: Int32
  /// Since the agent began.
  package var changes: UInt64
  package var source: String

  package init(_ pin: WirePins.Pin) {
    name = pin.name
    direction = pin.isOutput ? "output" : "input"
    level = pin.level
    changes = pin.changes
    source = pin.source
  }
}

package struct SensorView: Encodable, Sendable {
  package var name: String
  /// Of each channel, in the sensor's unit.
  package var values: [Double]
  package var source: String

  package init(_ sensor: WireSensors.Sensor) {
    name = sensor.name
    values = sensor.microUnits.map { Double($0) / 1e6 }
    source = sensor.source
  }
}

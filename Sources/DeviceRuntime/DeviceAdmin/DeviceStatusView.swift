package import FoundationEssentials
import Foundations
import SwiftProtobuf
package import Wire

/// What `xtblish-device status --json` prints: the device, its update and its app, as the agent answered.
///
/// `id` is the device's ID in its text form, `name` the one it was given when it enrolled, `agentVersion` the agent's
/// own version. `connected` says whether there is a connection to the broker, and `startedAt` when the agent started.
/// `phase` is the name of the update's phase ("idle", "downloading", "trial" …), and `detail` tells of the newest
/// version that was not kept and why; it is empty if there is none. `running` is nil while the device has no app,
/// `download` while none is under way. `diskFreeBytes` and `diskSizeBytes` are of the file system that holds the
/// device's flash; nil: the agent can't tell.
package struct DeviceStatusView: Encodable, Sendable {
  /// The app that the device runs: its image's `version`, the `digest` of its wasm as hexadecimal digits, the `slot`
  /// ("A" or "B"), its `status` ("trial" or "confirmed"), and `appName` and `appVersion` as the image names them.
  /// `startedAt` is when its process started; nil while there is no process.
  package struct Running: Encodable, Sendable {
    package var version: UInt64
    package var digest: String
    package var slot: String
    package var status: String
    package var appName: String
    package var appVersion: String
    /// The ID of the app's process; nil while there is none.
    package var pid: Int32?
    package var startedAt: Date?
  }

  /// How far the download of an image is: `bytesDone` of `bytesTotal`.
  package struct Download: Encodable, Sendable {
    package var bytesDone: UInt64
    package var bytesTotal: UInt64
  }

  /// Something that the device waits for: `reason` says on one line what it is, `since` when it came up.
  package struct Waiting: Encodable, Sendable {
    /// The version that waits; nil: it is not about a version.
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
  /// When the device's certificate ends; nil for a device without one.
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

import FoundationEssentials
import Foundations
import RegistryDomain
import SwiftProtobuf
import TextFormats
package import Wire

// What the bus answers, in the same JSON as over HTTP, for commands.

extension DeviceDocument {
  package init(_ wire: WireDevice) {
    self.init(
      id: DeviceID(bytes: wire.id)?.description ?? "", name: wire.name, tags: wire.tags, serial: wire.serial,
      revision: Int64(clamping: wire.revision), state: wire.state,
      // A Registry of the release before tells nothing of it.
      health: wire.health.isEmpty ? DeviceHealth.unknown.rawValue : wire.health,
      healthReason: wire.healthReason.isEmpty ? nil : wire.healthReason, online: wire.online,
      lastSeen: wire.hasLastSeen ? text(wire.lastSeen) : nil,
      createdAt: text(wire.createdAt), desired: wire.hasDesired ? Reference(wire.desired) : nil,
      reported: wire.hasReported ? Reported(wire.reported) : nil,
      divergence: wire.divergence.isEmpty ? nil : wire.divergence,
      waiting: wire.hasWaiting ? Waiting(wire.waiting) : nil,
      app: wire.hasApp ? App(name: wire.app.name, version: wire.app.version) : nil,
      clonedAt: wire.hasClonedAt ? text(wire.clonedAt) : nil)
  }
}

extension DeviceDocument.Reference {
  init(_ wire: WireFirmwareReference) {
    self.init(version: wire.version, digest: digestText(wire.digest))
  }
}

extension DeviceDocument.Waiting {
  init(_ wire: WireWaiting) {
    self.init(
      version: wire.version == 0 ? nil : wire.version, reason: wire.reason,
      since: wire.hasSince ? text(wire.since) : nil)
  }
}

extension DeviceDocument.Reported {
  init(_ wire: WireReportedState) {
    self.init(
      version: wire.version, digest: digestText(wire.digest), slot: wire.slot, status: wire.status,
      reason: wire.reason, at: text(wire.at),
      failed: wire.hasFailed ? DeviceDocument.Reference(wire.failed) : nil,
      failedReason: wire.hasFailed ? wire.failedReason : nil,
      switchGapNanoseconds: wire.switchGapNanoseconds == 0 ? nil : wire.switchGapNanoseconds)
  }
}

extension EventDocument {
  package init(_ wire: WireEvent) {
    self.init(
      id: wire.id, device: DeviceID(bytes: wire.deviceID)?.description ?? "", kind: wire.kind, at: text(wire.at),
      detail: JSONValue(parsing: Array(wire.detailJson.utf8)) ?? .object([:]))
  }
}

private func digestText(_ bytes: Data) -> String {
  SHA256Digest(bytes: bytes)?.description ?? ""
}

/// A time of the bus in ISO 8601 and UTC.
func text(_ time: Google_Protobuf_Timestamp) -> String {
  JSONCoding.text(of: Date(time))
}

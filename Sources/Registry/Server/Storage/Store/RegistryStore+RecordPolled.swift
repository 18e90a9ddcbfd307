import DeviceProtocol
import FirmwareImage
import FoundationEssentials
package import Foundations
import PostgreSQL
import RegistryDomain

extension RegistryStore {
  /// Takes what a device said over HTTP, at the polling door (docs/polling.md), about a version that was given to it.
  ///
  /// Such a device counts no reports. Whether it is one is told by that: a device that ever reported over MQTT has a
  /// sequence, and whoever can only speak for the polling door can't speak for that one.
  ///
  /// - Parameter status: `trial` or `confirmed`, and it runs the version; `rolled-back` or `refused`, and it does
  ///   not.
  /// - Throws: `conflict` for a device that reports over MQTT.
  package func recordPolled(
    _ status: String, version: UInt64, reason: String, of id: DeviceID
  ) async throws {
    guard let status = RunStatus(rawValue: status) else {
      let known = RunStatus.allCases.map(\.rawValue).joined(separator: ", ")
      throw RequestFailure(field: "status", "is none of \(known)")
    }
    guard version > 0, version <= UInt64(Int64.max) else {
      throw RequestFailure(field: "version", "is not a whole number from 1 to \(Int64.max)")
    }
    // A version that the device never got names no image: it is told so, rather than believed.
    let digest = try await firmware(of: id, version: version).image.app.wasmDigest
    let reference = FirmwareReference(version: version, digest: digest)
    let device = try await device(id)
    let words = FieldRules.sanitizedReason(reason)
    let state = ReportedState(
      running: status.isFailure ? device.reported?.running : reference, slot: "", status: status,
      reason: words, at: .distantPast, failed: status.isFailure ? reference : nil,
      failedReason: status.isFailure ? words : "")
    switch try await record([ReceivedReport(device: id, content: .polled(state))]).first {
    case .stored?, .repeated?: return
    case .unknownDevice?: throw RequestFailure.unknownDevice(id)
    case .stale?, .invalid?, nil: throw RequestFailure.reportsOverMQTT(id)
    }
  }
}

import DeviceProtocol
import FoundationEssentials
import Foundations
import TextFormats
import Wire

/// A notification whose fields were checked, and where it goes.
struct CheckedNotification: Sendable {
  let device: DeviceID
  let version: UInt64
  let digest: SHA256Digest
  let sizeBytes: UInt64
  /// The part of a trace that publishing it is; nil: it belongs to none.
  let trace: TraceContext?

  /// Nil if a field is out of range, which no notification of the Registry's has.
  init?(_ wire: WireNotification) {
    guard let device = DeviceID(bytes: wire.deviceID), wire.version > 0, wire.version <= UInt64(Int64.max),
      let digest = SHA256Digest(bytes: wire.digest), wire.sizeBytes > 0
    else { return nil }
    self.device = device
    version = wire.version
    self.digest = digest
    sizeBytes = wire.sizeBytes
    trace = TraceContext(wire.traceParent, requestID: wire.requestID)?.child()
  }

  var topic: String { FirmwareAddress(of: device, version: version).path }

  /// - Parameter base: an image store's public URL, without a slash at its end.
  func payload(base: String) throws -> [UInt8] {
    let message = NotificationMessage(
      version: version, digest: "\(digest)", size: sizeBytes, url: "\(base)\(topic)")
    return Array(try JSONCoding.encoder().encode(message))
  }
}

import FirmwareImage
import ServiceKit

/// A firmware version as JSON.
package struct FirmwareDocument: Codable, Sendable, Equatable {
  package var device: String
  package var version: UInt64
  package var digest: String
  package var lengthBytes: UInt64
  package var appName: String
  package var appVersion: String
  package var securityEpoch: UInt32
  package var hostApiLevel: UInt32
  /// The publisher's key ID in hexadecimal digits, if it signed.
  package var publisherKey: String?
  package var createdAt: String
  package var notifiedAt: String?
}

extension FirmwareDocument {
  init(_ firmware: FirmwareVersion) {
    let app = firmware.image.app
    self.init(
      device: firmware.device.description, version: firmware.version, digest: app.wasmDigest.description,
      lengthBytes: app.wasmLength, appName: app.name.text, appVersion: app.version.text,
      securityEpoch: app.securityEpoch, hostApiLevel: app.hostAPILevel,
      publisherKey: firmware.image.publisher?.keyID.description, createdAt: JSONCoding.text(of: firmware.createdAt),
      notifiedAt: firmware.notifiedAt.map(JSONCoding.text(of:)))
  }
}

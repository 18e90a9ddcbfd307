package import FirmwareImage
package import Foundations

/// A wasm that was or will be assigned: what it is (`app`), and the signature of the `publisher` who says so, if one
/// does.
package struct PublishedApp: Sendable, Equatable {
  package var app: AppDescription
  package var publisher: ImageSignature?

  package init(app: AppDescription, publisher: ImageSignature?) {
    self.app = app
    self.publisher = publisher
  }

  /// The configuration of the image (bytes 32…543) that makes the app this version of the device's firmware, without
  /// the director's signature.
  package func configuration(for device: DeviceID, version: UInt64) throws -> ImageConfiguration {
    let manifest = try ImageManifest(firmwareVersion: version, app: app, publisher: publisher)
    return ImageConfiguration(device: device, manifest: manifest)
  }
}

package import FirmwareImage
package import Foundations

/// A wasm that was or will be assigned: what it is, and who signed for that.
package struct PublishedApp: Sendable, Equatable {
  package var app: AppDescription
  package var publisher: ImageSignature?

  package init(app: AppDescription, publisher: ImageSignature?) {
    self.app = app
    self.publisher = publisher
  }

  /// Of the whole image: header, configuration and wasm.
  package var imageSizeBytes: UInt64 { UInt64(ImageHeader.byteCount) + app.wasmLength }

  /// What makes this version of the device's firmware of it; the director has not signed it yet.
  package func configuration(for device: DeviceID, version: UInt64) throws -> ImageConfiguration {
    let manifest = try ImageManifest(firmwareVersion: version, app: app, publisher: publisher)
    return ImageConfiguration(device: device, manifest: manifest)
  }
}

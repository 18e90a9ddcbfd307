package import FirmwareImage
package import FoundationEssentials

/// A wasm that was or will be assigned: what it is, and who signed for that.
package struct AppImage: Sendable, Equatable {
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

/// One version of a device's firmware.
package struct FirmwareVersion: Sendable, Equatable {
  package var device: DeviceID
  package var version: UInt64
  package var image: AppImage
  /// Bytes 32…543 of the image.
  package var configuration: [UInt8]
  package var createdAt: Date
  /// When the broker last acknowledged a notification of it; nil: not yet.
  package var notifiedAt: Date?
  package var history = FirmwareHistory()
}

/// What a device made of a version, as far as it said so.
package struct FirmwareHistory: Sendable, Equatable {
  package struct Failure: Sendable, Equatable {
    package var at: Date
    /// "rolled-back" or "refused".
    package var status: String
    /// In the device's words.
    package var reason: String
  }

  /// When it first said that it tries it, and that it keeps it.
  package var trialAt: Date?
  package var confirmedAt: Date?
  /// When it last said that it did not keep it.
  package var failure: Failure?
  /// How long no app handled events at the switch to it; 0: not measured.
  package var switchGapNanoseconds: UInt64 = 0
}

/// What came of assigning an image.
package struct Assignment: Sendable, Equatable {
  package var version: UInt64
  /// Bytes 32…543 of the image.
  package var configuration: [UInt8]
  /// True when this repeats an earlier request of the same key.
  package var repeated: Bool
}

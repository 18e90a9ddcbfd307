package import Foundations

/// The 512 bytes between an image's hash and its wasm: which device it is for, and what it is.
package struct ImageConfiguration: Hashable, Sendable {
  /// Length of the encoded configuration.
  package static let byteCount = 512

  /// The device that the image is for.
  package let device: DeviceID
  /// Which version of which app it is, and who signed it; nil for a plain image, whose reserved area is all zero.
  package let manifest: ImageManifest?

  package init(device: DeviceID, manifest: ImageManifest?) {
    self.device = device
    self.manifest = manifest
  }

  /// The configuration of an image without a manifest: nobody can sign it, and it names no version.
  package static func plain(device: DeviceID) -> ImageConfiguration {
    ImageConfiguration(device: device, manifest: nil)
  }
}

/// Offsets of the fields in the 512 bytes: 32 less than in the image, whose hash comes before them.
enum ConfigurationLayout {
  static let device = 0..<16
  static let reserved = 16..<512
  static let magic = 16..<20
  static let headerVersion = 20..<22
  static let flags = 22..<24
  static let firmwareVersion = 24..<32
  static let wasmLength = 32..<40
  static let wasmDigest = 40..<72
  static let securityEpoch = 72..<76
  static let hostAPILevel = 76..<80
  static let appName = 80..<112
  static let appVersion = 112..<144
  static let publisherKey = 144..<152
  static let publisherSignature = 152..<216
  static let directorKey = 216..<224
  static let directorSignature = 224..<288
  static let padding = 288..<512

  /// What the director signs: everything up to its own signature.
  static let directorSigned = 0..<224

  static let magicBytes = Array("XTB1".utf8)
  static let currentHeaderVersion: UInt16 = 1
}

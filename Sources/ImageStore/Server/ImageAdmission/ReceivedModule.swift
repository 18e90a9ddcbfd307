package import BlobStorage
package import FirmwareImage
package import WebAssemblyModule

/// What is known of a module when all of it has come.
package struct ReceivedModule: Sendable {
  /// As they were written, not yet stored.
  package let bytes: WrittenBytes
  /// What it imports, exports and says of itself.
  package let interface: WebAssemblyInterface
  /// Of a whole image, whose bytes were all verified.
  package let header: ImageHeader?

  /// Nil: there are none.
  package var warnings: [String]? {
    let warnings = AppWarning.of(interface).map(\.description)
    return warnings.isEmpty ? nil : warnings
  }
}

package import BlobStorage
package import FirmwareImage
package import WebAssemblyModule

/// What is known of a module when all of it has come.
package struct ReceivedModule: Sendable {
  /// The bytes that were written; they are not yet stored.
  package let bytes: WrittenBytes
  /// What the module imports, exports and says of itself.
  package let interface: WebAssemblyInterface
  /// The header of a whole image, whose bytes were all verified; nil for a bare wasm.
  package let header: ImageHeader?

  /// What the app's developer should know, though devices run it; nil: nothing.
  package var warnings: [String]? {
    let warnings = AppWarning.of(interface).map(\.description)
    return warnings.isEmpty ? nil : warnings
  }
}

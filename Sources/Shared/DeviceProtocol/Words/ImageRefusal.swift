/// Why an image is not taken. A device's `reason` may begin with one of these words and `: `; an image store answers an
/// upload with them.
package enum ImageRefusal: String, Sendable, Hashable, CaseIterable {
  /// It ends inside its header.
  case imageCutShort = "image-cut-short"
  /// Bytes that must be zero are not.
  case imageReservedArea = "image-reserved-area"
  /// Its header is of a version, or has flags, that are not known.
  case imageVersionUnsupported = "image-version-unsupported"
  /// Its firmware version is 0.
  case imageFirmwareVersion = "image-firmware-version"
  /// Its module has another length than it says, or one that none can have.
  case imageWasmLength = "image-wasm-length"
  /// The app's name or version is no text that can be used.
  case imageLabel = "image-label"
  /// A key without a signature, or the other way round.
  case imageSignature = "image-signature"
  /// The device takes none without a publisher's signature.
  case imagePublisherSignatureMissing = "image-publisher-signature-missing"
  /// The device takes none without a director's signature.
  case imageDirectorSignatureMissing = "image-director-signature-missing"
  /// The publisher's signature is not of this app.
  case imagePublisherSignatureWrong = "image-publisher-signature-wrong"
  /// The director's signature is not of this image.
  case imageDirectorSignatureWrong = "image-director-signature-wrong"
  /// The publisher is none that is trusted.
  case imagePublisherKeyUnknown = "image-publisher-key-unknown"
  /// The director is none that is trusted.
  case imageDirectorKeyUnknown = "image-director-key-unknown"
  /// The publisher may not sign for an app of this name.
  case imagePublisherNotDelegated = "image-publisher-not-delegated"
  /// A version that is not above those before it.
  case imageVersionTooLow = "image-version-too-low"
  /// Its security epoch is below the device's.
  case imageSecurityEpochTooLow = "image-security-epoch-too-low"
  /// It needs a newer host API.
  case imageHostAPILevelTooHigh = "image-host-api-level-too-high"
  /// It was changed or cut short.
  case imageHashMismatch = "image-hash-mismatch"
  /// It is another device's.
  case imageDeviceMismatch = "image-device-mismatch"
  /// Its module is not the one that it names.
  case imageWasmDigestMismatch = "image-wasm-digest-mismatch"
  /// It is larger than is taken.
  case imageTooLarge = "image-too-large"
  /// Its file can't be read.
  case imageUnreadable = "image-unreadable"
  /// It could not be checked.
  case imageCheckFailed = "image-check-failed"
  /// The module is something else.
  case notWebAssembly = "not-webassembly"
  /// The module is a component.
  case webAssemblyComponent = "webassembly-component"
  /// The module is of another version of WebAssembly.
  case webAssemblyVersion = "webassembly-version"
  /// The module ends too early.
  case webAssemblyCutShort = "webassembly-cut-short"
  /// A section of the module is not as it should be.
  case webAssemblyDamaged = "webassembly-damaged"
  /// A section of the module is larger than is taken.
  case webAssemblySectionTooLarge = "webassembly-section-too-large"
}

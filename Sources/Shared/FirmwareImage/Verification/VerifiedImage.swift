package import Foundations

/// An image that was checked whole, first its hash and then all that an `ImageTrust` demands. Code that loads images
/// takes nothing else.
///
/// For a file, the verdict is about the bytes that were read. So the file must lie where only its owner can write,
/// and be loaded after this.
package struct VerifiedImage: Hashable, Sendable {
  /// Where the module's bytes are.
  package enum Content: Hashable, Sendable {
    /// The wasm itself.
    case bytes([UInt8])
    /// A file that has the wasm from this offset to its end.
    case file(path: String, wasmOffset: Int)
  }

  /// What the check of the bytes found.
  package let verdict: ImageVerdict
  /// The module.
  package let content: Content

  /// The image's header.
  package var header: ImageHeader { verdict.header }
  /// The configuration in the header.
  package var configuration: ImageConfiguration { verdict.header.configuration }

  private init(
    _ verdict: ImageVerdict, content: Content, for device: DeviceID?, trust: ImageTrust
  ) throws(ImageFormatError) {
    try trust.check(verdict.header.configuration, for: device)
    self.verdict = verdict
    self.content = content
  }

  /// Verifies an image in memory.
  package static func verifying(
    _ image: [UInt8], for device: DeviceID?, trust: ImageTrust
  ) throws(ImageFormatError) -> VerifiedImage {
    var verifier = try ImageVerifier(for: nil)
    try verifier.update(image)
    return try VerifiedImage(
      try verifier.finish(), content: .bytes(Array(image.dropFirst(ImageHeader.byteCount))), for: device, trust: trust)
  }

  /// Verifies a file that holds a whole image.
  package static func verifying(
    file path: String, for device: DeviceID?, trust: ImageTrust
  ) throws(ImageFormatError) -> VerifiedImage {
    var verifier = try ImageVerifier(for: nil)
    let reader = try SequentialFileReader(path: path)
    while let piece = try reader.next() { try verifier.update(piece) }
    return try VerifiedImage(
      try verifier.finish(), content: .file(path: path, wasmOffset: ImageHeader.byteCount), for: device, trust: trust)
  }

  /// Verifies an image whose header and wasm are kept apart.
  package static func verifying(
    header: [UInt8], wasmFile path: String, for device: DeviceID?, trust: ImageTrust
  ) throws(ImageFormatError) -> VerifiedImage {
    guard header.count == ImageHeader.byteCount else { throw .headerCutShort(received: UInt64(header.count)) }
    var verifier = try ImageVerifier(for: nil)
    try verifier.update(header)
    let reader = try SequentialFileReader(path: path)
    while let piece = try reader.next() { try verifier.update(piece) }
    return try VerifiedImage(
      try verifier.finish(), content: .file(path: path, wasmOffset: 0), for: device, trust: trust)
  }
}

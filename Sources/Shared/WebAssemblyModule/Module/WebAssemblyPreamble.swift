import Foundations

/// The first 8 bytes of a module: magic, version, layer.
package enum WebAssemblyPreamble {
  /// Length of the preamble.
  package static let byteCount = 8
  /// The preamble of a core module of version 1.
  package static let module: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

  private static var magic: ArraySlice<UInt8> { module[..<4] }

  /// - Precondition: 8 bytes.
  static func check(_ bytes: [UInt8]) throws(WebAssemblyError) {
    precondition(bytes.count == byteCount)
    guard bytes.starts(with: magic) else { throw .notWebAssembly(saw: ForeignFormat.describe(bytes)) }
    // The component model keeps the magic and splits the version into 16 bits of version and 16 of
    // layer, 1 for components.
    let layer = LittleEndian.integer(UInt16.self, from: bytes[6..<8])
    if layer == 1 { throw .component }
    let version = LittleEndian.integer(UInt32.self, from: bytes[4..<8])
    guard version == 1 else { throw .unsupportedVersion(version) }
  }

  /// Throws if fewer than 8 bytes are no beginning of a module.
  static func checkPrefix(_ bytes: [UInt8]) throws(WebAssemblyError) {
    guard !bytes.isEmpty, bytes.prefix(4).elementsEqual(magic.prefix(bytes.count)) else {
      throw .notWebAssembly(saw: ForeignFormat.describe(bytes))
    }
  }
}

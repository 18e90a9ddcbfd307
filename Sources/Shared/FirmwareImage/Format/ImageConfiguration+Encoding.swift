import Foundations

extension ImageConfiguration {
  /// The 512 bytes. Every value has them, and decoding them gives the value back.
  package func encoded() -> [UInt8] {
    typealias Layout = ConfigurationLayout
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    bytes.replaceSubrange(Layout.device, with: device.bytes)
    guard let manifest else { return bytes }
    bytes.replaceSubrange(Layout.magic, with: Layout.magicBytes)
    bytes.replaceSubrange(Layout.headerVersion, with: LittleEndian.bytes(Layout.currentHeaderVersion))
    bytes.replaceSubrange(Layout.firmwareVersion, with: LittleEndian.bytes(manifest.firmwareVersion))
    bytes.replaceSubrange(Layout.wasmLength, with: LittleEndian.bytes(manifest.app.wasmLength))
    bytes.replaceSubrange(Layout.wasmDigest, with: manifest.app.wasmDigest.bytes)
    bytes.replaceSubrange(Layout.securityEpoch, with: LittleEndian.bytes(manifest.app.securityEpoch))
    bytes.replaceSubrange(Layout.hostAPILevel, with: LittleEndian.bytes(manifest.app.hostAPILevel))
    bytes.replaceSubrange(Layout.appName, with: manifest.app.name.encoded)
    bytes.replaceSubrange(Layout.appVersion, with: manifest.app.version.encoded)
    if let publisher = manifest.publisher {
      bytes.replaceSubrange(Layout.publisherKey, with: publisher.keyID.bytes)
      bytes.replaceSubrange(Layout.publisherSignature, with: publisher.signature)
    }
    if let director = manifest.director {
      bytes.replaceSubrange(Layout.directorKey, with: director.keyID.bytes)
      bytes.replaceSubrange(Layout.directorSignature, with: director.signature)
    }
    return bytes
  }
}

import Foundations

extension ImageConfiguration {
  /// Reads the 512 bytes; any bytes give a value or an error that names what is wrong.
  ///
  /// Nothing is skipped: a byte without a meaning must be zero, so that two different texts never
  /// decode to one value.
  package init(decoding source: some Collection<UInt8>) throws(ImageFormatError) {
    typealias Layout = ConfigurationLayout
    let bytes = Array(source)
    guard bytes.count == Self.byteCount, let device = DeviceID(bytes: bytes[Layout.device]) else {
      throw .wrongConfigurationLength(actual: bytes.count)
    }
    if bytes[Layout.magic].elementsEqual(Layout.magicBytes) {
      self.init(device: device, manifest: try Self.decodeManifest(bytes))
    } else if let offset = bytes[Layout.reserved].firstIndex(where: { $0 != 0 }) {
      throw .unknownReservedArea(offset: offset + SHA256Digest.byteCount)
    } else {
      self.init(device: device, manifest: nil)
    }
  }

  private static func decodeManifest(_ bytes: [UInt8]) throws(ImageFormatError) -> ImageManifest {
    typealias Layout = ConfigurationLayout
    let headerVersion = LittleEndian.integer(UInt16.self, from: bytes[Layout.headerVersion])
    guard headerVersion == Layout.currentHeaderVersion else { throw .unsupportedHeaderVersion(headerVersion) }
    // A flag changes how the rest is to be read or run, so an unknown one can't be passed over.
    let flags = LittleEndian.integer(UInt16.self, from: bytes[Layout.flags])
    guard flags == 0 else { throw .unknownFlags(flags) }
    if let offset = bytes[Layout.padding].firstIndex(where: { $0 != 0 }) {
      throw .paddingNotZero(offset: offset + SHA256Digest.byteCount)
    }
    let app = try AppDescription(
      wasmLength: LittleEndian.integer(from: bytes[Layout.wasmLength]),
      wasmDigest: SHA256Digest(finished: Array(bytes[Layout.wasmDigest])),
      securityEpoch: LittleEndian.integer(from: bytes[Layout.securityEpoch]),
      hostAPILevel: LittleEndian.integer(from: bytes[Layout.hostAPILevel]),
      name: AppLabel(decoding: bytes[Layout.appName], field: .appName),
      version: AppLabel(decoding: bytes[Layout.appVersion], field: .appVersion))
    return try ImageManifest(
      firmwareVersion: LittleEndian.integer(from: bytes[Layout.firmwareVersion]), app: app,
      publisher: decodeSignature(.publisher, bytes[Layout.publisherKey], bytes[Layout.publisherSignature]),
      director: decodeSignature(.director, bytes[Layout.directorKey], bytes[Layout.directorSignature]))
  }

  private static func decodeSignature(
    _ role: SignatureRole, _ key: ArraySlice<UInt8>, _ signature: ArraySlice<UInt8>
  ) throws(ImageFormatError) -> ImageSignature? {
    let isSigned = signature.contains { $0 != 0 }
    guard let keyID = KeyID(bytes: key) else {
      if isSigned { throw .signatureWithoutKey(role) }
      return nil
    }
    guard let value = ImageSignature(keyID: keyID, signature: signature) else { throw .keyWithoutSignature(role) }
    return value
  }
}

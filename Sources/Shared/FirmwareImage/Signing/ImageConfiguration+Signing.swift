package import OpenSSL

extension ImageConfiguration {
  /// The bytes that the director's key signs. They hold the key's ID, so the caller gives it also for a configuration
  /// that is not signed yet.
  ///
  /// - Throws: `signatureMissing` for a plain image, which has no place for a signature.
  package func directorMessage(keyID: KeyID) throws(ImageFormatError) -> [UInt8] {
    guard manifest != nil else { throw .signatureMissing(.director) }
    var bytes = encoded()
    bytes.replaceSubrange(ConfigurationLayout.directorKey, with: keyID.bytes)
    return Array("xtblish-director-v1\0".utf8) + bytes[ConfigurationLayout.directorSigned]
  }

  /// The same configuration with this director's signature.
  package func signed(byDirector key: Ed25519.PrivateKey) throws(ImageFormatError) -> ImageConfiguration {
    guard let manifest else { throw .signatureMissing(.director) }
    let publicKey: Ed25519.PublicKey
    do throws(OpenSSLError) { publicKey = try key.publicKey() } catch { throw .cryptography(error) }
    let message = try directorMessage(keyID: KeyID(of: publicKey))
    let signature = try ImageSignature.make(of: message, by: key, role: .director)
    return ImageConfiguration(
      device: device,
      manifest: try ImageManifest(
        firmwareVersion: manifest.firmwareVersion, app: manifest.app, publisher: manifest.publisher,
        director: signature))
  }

  /// Checks that one of the trusted keys signed exactly this configuration as its director.
  ///
  /// - Throws: `signatureMissing`, `unknownKey` or `wrongSignature`.
  package func verifyDirector(trusting keys: [Ed25519.PublicKey]) throws(ImageFormatError) {
    guard let signature = manifest?.director else { throw .signatureMissing(.director) }
    let message = try directorMessage(keyID: signature.keyID)
    try ImageSignature.verify(signature, of: message, trusting: keys, role: .director)
  }

  /// Checks that one of the trusted keys signed the app as its publisher.
  ///
  /// - Throws: `signatureMissing`, `unknownKey` or `wrongSignature`.
  package func verifyPublisher(trusting keys: [Ed25519.PublicKey]) throws(ImageFormatError) {
    guard let manifest else { throw .signatureMissing(.publisher) }
    try manifest.app.verify(publisher: manifest.publisher, trusting: keys)
  }
}

package import OpenSSL

extension AppDescription {
  /// Signs as the publisher.
  package func signed(by key: Ed25519.PrivateKey) throws(ImageFormatError) -> ImageSignature {
    try ImageSignature.make(of: publisherMessage, by: key, role: .publisher)
  }

  /// Checks that one of the trusted keys made this signature of exactly this description.
  ///
  /// - Throws: `signatureMissing`, `unknownKey` or `wrongSignature`.
  package func verify(
    publisher signature: ImageSignature?, trusting keys: [Ed25519.PublicKey]
  ) throws(ImageFormatError) {
    try ImageSignature.verify(signature, of: publisherMessage, trusting: keys, role: .publisher)
  }
  /// Checks that a publisher to whom this app's name is delegated made this signature of exactly this description.
  ///
  /// - Throws: as above, and `publisherNotDelegated`.
  package func verify(
    publisher signature: ImageSignature?, delegatedBy publishers: [PublisherDelegation]
  ) throws(ImageFormatError) {
    try verify(publisher: signature, trusting: publishers.map(\.key.publicKey))
    guard let signature, publishers.contains(where: { $0.key.id == signature.keyID && $0.covers(name) }) else {
      throw .publisherNotDelegated(signature?.keyID, app: name)
    }
  }
}

package import OpenSSL

extension AppDescription {
  /// Signs as the publisher.
  package func signed(by key: Ed25519.PrivateKey) throws(ImageFormatError) -> ImageSignature {
    try ImageSignature.make(of: publisherMessage, by: key, role: .publisher)
  }

  /// Throws unless one of the trusted keys made this signature of exactly this description.
  package func verify(
    publisher signature: ImageSignature?, trusting keys: [Ed25519.PublicKey]
  ) throws(ImageFormatError) {
    try ImageSignature.verify(signature, of: publisherMessage, trusting: keys, role: .publisher)
  }
}

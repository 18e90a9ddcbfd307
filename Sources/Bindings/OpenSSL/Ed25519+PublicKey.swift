import COpenSSL

extension Ed25519 {
  /// A key that signatures are checked with.
  package struct PublicKey: Sendable {
    /// The 32 bytes of RFC 8032, section 5.1.5.
    package let rawRepresentation: [UInt8]
    private let key: EVPKey

    /// Fails unless there are 32 bytes. A point that is not on the curve is found at verification.
    package init(rawRepresentation: [UInt8]) throws(OpenSSLError) {
      let pointer = unsafe rawRepresentation.withUnsafeBufferPointer { buffer in
        unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, buffer.baseAddress, buffer.count)
      }
      guard let pointer = unsafe pointer else { throw .draining(after: "EVP_PKEY_new_raw_public_key") }
      key = unsafe EVPKey(owning: pointer)
      self.rawRepresentation = rawRepresentation
    }

    /// Whether this key's owner signed exactly this message.
    ///
    /// False for a signature of the wrong length or a public key that is no point of the curve.
    /// Throws only when the check itself could not be made.
    package func isValid(signature: [UInt8], for message: [UInt8]) throws(OpenSSLError) -> Bool {
      guard signature.count == Ed25519.signatureByteCount else { return false }
      guard let context = unsafe EVP_MD_CTX_new() else { throw .draining(after: "EVP_MD_CTX_new") }
      defer { unsafe EVP_MD_CTX_free(context) }
      guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1 else {
        throw .draining(after: "EVP_DigestVerifyInit")
      }
      let result = unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count)
      // A refused signature may leave entries that would be blamed on this thread's next call.
      ERR_clear_error()
      return result == 1
    }
  }
}

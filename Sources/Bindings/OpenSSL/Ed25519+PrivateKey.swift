import COpenSSL

extension Ed25519 {
  /// A key that signs. The library holds the seed; it is freed with the last copy of this value.
  package struct PrivateKey: Sendable {
    private let key: EVPKey

    /// A new key from the library's random generator.
    package init() throws(OpenSSLError) {
      guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) else {
        throw .draining(after: "EVP_PKEY_CTX_new_id")
      }
      defer { unsafe EVP_PKEY_CTX_free(context) }
      guard unsafe EVP_PKEY_keygen_init(context) == 1 else { throw .draining(after: "EVP_PKEY_keygen_init") }
      var made: OpaquePointer?
      guard unsafe EVP_PKEY_keygen(context, &made) == 1, let pointer = unsafe made else {
        throw .draining(after: "EVP_PKEY_keygen")
      }
      key = unsafe EVPKey(owning: pointer)
    }

    /// A key from its 32-byte seed.
    package init(rawRepresentation seed: [UInt8]) throws(OpenSSLError) {
      let pointer = unsafe seed.withUnsafeBufferPointer { buffer in
        unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, buffer.baseAddress, buffer.count)
      }
      guard let pointer = unsafe pointer else { throw .draining(after: "EVP_PKEY_new_raw_private_key") }
      key = unsafe EVPKey(owning: pointer)
    }

    /// The 32-byte seed. Whoever holds it can sign: wipe it after use.
    package func rawRepresentation() throws(OpenSSLError) -> [UInt8] {
      try unsafe Ed25519.rawBytes(call: "EVP_PKEY_get_raw_private_key") { buffer, length in
        unsafe EVP_PKEY_get_raw_private_key(key.pointer, buffer, length)
      }
    }

    /// The public key that belongs to this one.
    package func publicKey() throws(OpenSSLError) -> PublicKey {
      let raw = try unsafe Ed25519.rawBytes(call: "EVP_PKEY_get_raw_public_key") { buffer, length in
        unsafe EVP_PKEY_get_raw_public_key(key.pointer, buffer, length)
      }
      return try PublicKey(rawRepresentation: raw)
    }

    /// The 64-byte signature of a message.
    package func signature(for message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
      guard let context = unsafe EVP_MD_CTX_new() else { throw .draining(after: "EVP_MD_CTX_new") }
      defer { unsafe EVP_MD_CTX_free(context) }
      guard unsafe EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1 else {
        throw .draining(after: "EVP_DigestSignInit")
      }
      var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
      var length = signature.count
      guard unsafe EVP_DigestSign(context, &signature, &length, message, message.count) == 1,
        length == Ed25519.signatureByteCount
      else { throw .draining(after: "EVP_DigestSign") }
      return signature
    }
  }

  /// Reads 32 raw bytes of a key by a function with the signature of `EVP_PKEY_get_raw_*_key`.
  private static func rawBytes(
    call: String, _ read: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>) -> CInt
  ) throws(OpenSSLError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: keyByteCount)
    var length = bytes.count
    guard unsafe read(&bytes, &length) == 1, length == keyByteCount else { throw .draining(after: call) }
    return bytes
  }
}

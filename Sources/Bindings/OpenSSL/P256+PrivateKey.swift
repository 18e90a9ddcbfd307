import COpenSSL

extension P256 {
  /// A key that can sign: in memory, or in a PKCS#11 token.
  package struct PrivateKey: Sendable {
    let key: EVPKey
    /// The public key that belongs to this one.
    package let publicKey: PublicKey

    /// Whether a PKCS#11 token does the signing, which then blocks for as long as the token takes.
    package var isInToken: Bool { key.isExclusive }

    /// A new key from the library's random generator.
    package init() throws(CertificateError) {
      try self.init(owning: reporting { () throws(OpenSSLError) in try Self.generate() })
    }

    /// - Throws: `notP256` for a key of another kind.
    init(owning key: EVPKey) throws(CertificateError) {
      let encoded = try reporting { () throws(OpenSSLError) in
        try unsafe encodedDER(call: "i2d_PUBKEY") { unsafe i2d_PUBKEY(key.pointer, $0) }
      }
      publicKey = try PublicKey(subjectPublicKeyInfo: encoded)
      self.key = key
    }

    private static func generate() throws(OpenSSLError) -> EVPKey {
      let context = try unsafe Owned(EVP_PKEY_CTX_new_from_name(nil, "EC", nil), by: "EVP_PKEY_CTX_new_from_name") {
        unsafe EVP_PKEY_CTX_free($0)
      }
      guard unsafe EVP_PKEY_keygen_init(context.pointer) == 1 else { throw .draining(after: "EVP_PKEY_keygen_init") }
      guard unsafe EVP_PKEY_CTX_set_group_name(context.pointer, "P-256") == 1 else {
        throw .draining(after: "EVP_PKEY_CTX_set_group_name")
      }
      var made: OpaquePointer?
      guard unsafe EVP_PKEY_generate(context.pointer, &made) == 1, let pointer = unsafe made else {
        throw .draining(after: "EVP_PKEY_generate")
      }
      return unsafe EVPKey(owning: pointer)
    }

    /// Signs a message by ECDSA with SHA-256; the signature is in DER and has at most 72 bytes. Blocks if
    /// ``isInToken``.
    package func signature(for message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
      try key.exclusively { () throws(OpenSSLError) in
        let context = try unsafe Owned(EVP_MD_CTX_new(), by: "EVP_MD_CTX_new") { unsafe EVP_MD_CTX_free($0) }
        guard unsafe EVP_DigestSignInit(context.pointer, nil, EVP_sha256(), nil, key.pointer) == 1 else {
          throw .draining(after: "EVP_DigestSignInit")
        }
        var length = 0
        guard unsafe EVP_DigestSign(context.pointer, nil, &length, message, message.count) == 1 else {
          throw .draining(after: "EVP_DigestSign")
        }
        var signature = [UInt8](repeating: 0, count: length)
        guard unsafe EVP_DigestSign(context.pointer, &signature, &length, message, message.count) == 1 else {
          throw .draining(after: "EVP_DigestSign")
        }
        return Array(signature[..<length])
      }
    }
  }
}

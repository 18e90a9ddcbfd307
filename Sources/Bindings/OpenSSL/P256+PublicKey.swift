import COpenSSL

extension P256 {
  /// A key that signatures are checked with, and that certificates are issued for.
  package struct PublicKey: Sendable {
    /// The SubjectPublicKeyInfo in DER, with a named curve and an uncompressed point: 91 bytes, one form for each key.
    package let subjectPublicKeyInfo: [UInt8]
    let key: EVPKey

    /// - Throws: `notP256` for a key of another kind or form, or a point that is not on the curve.
    package init(subjectPublicKeyInfo: [UInt8]) throws(CertificateError) {
      guard Self.isInForm(subjectPublicKeyInfo),
        let pointer = unsafe decodedDER(
          subjectPublicKeyInfo, free: { unsafe EVP_PKEY_free($0) }, { unsafe d2i_PUBKEY(nil, $0, $1) })
      else { throw .notP256 }
      key = unsafe EVPKey(owning: pointer)
      self.subjectPublicKeyInfo = subjectPublicKeyInfo
    }

    /// The key in somebody's request, which the library has read already; reading it again takes as long as checking a
    /// signature.
    ///
    /// - Throws: `notP256`, as above.
    init(_ information: OpaquePointer?) throws(CertificateError) {
      // None if the library could not make a key of it.
      guard let pointer = unsafe information.flatMap({ unsafe X509_PUBKEY_get($0) }) else {
        ERR_clear_error()
        throw .notP256
      }
      key = unsafe EVPKey(owning: pointer)
      subjectPublicKeyInfo = try reporting { () throws(OpenSSLError) in
        try unsafe encodedDER(call: "i2d_X509_PUBKEY") { unsafe i2d_X509_PUBKEY(information, $0) }
      }
      guard Self.isInForm(subjectPublicKeyInfo) else { throw .notP256 }
    }

    private static func isInForm(_ subjectPublicKeyInfo: [UInt8]) -> Bool {
      subjectPublicKeyInfo.count == P256.subjectPublicKeyInfoByteCount
        && subjectPublicKeyInfo.starts(with: P256.subjectPublicKeyInfoPrefix)
    }

    /// Writes the key into a certificate as it is. The library's own way encodes it and reads it again.
    func write(to information: OpaquePointer?) throws(OpenSSLError) {
      let point = subjectPublicKeyInfo.suffix(P256.pointByteCount)
      guard let copy = unsafe CRYPTO_malloc(point.count, #file, #line) else { throw .draining(after: "CRYPTO_malloc") }
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: copy, count: point.count)
      unsafe bytes.copyBytes(from: point)
      // Takes the copy over.
      let isSet = unsafe X509_PUBKEY_set0_param(
        information, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
        UnsafeMutableRawPointer(OBJ_nid2obj(NID_X9_62_prime256v1)),
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(point.count))
      guard isSet == 1 else {
        unsafe CRYPTO_free(copy, #file, #line)
        throw .draining(after: "X509_PUBKEY_set0_param")
      }
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    package var hash: [UInt8] {
      get throws(OpenSSLError) { try SHA256.digest(of: subjectPublicKeyInfo) }
    }

    /// Whether this key's owner signed exactly this message: ECDSA with SHA-256, the signature in DER.
    ///
    /// - Throws: only when the check itself could not be made.
    package func isValid(signature: [UInt8], for message: [UInt8]) throws(OpenSSLError) -> Bool {
      try key.isValid(signature: signature, for: message)
    }
  }
}

extension P256.PublicKey: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    left.subjectPublicKeyInfo == right.subjectPublicKeyInfo
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(subjectPublicKeyInfo)
  }
}

extension EVPKey {
  /// Verifies a signature over the SHA-256 of a message, or over the message itself by a key whose kind hashes it.
  func isValid(signature: [UInt8], for message: [UInt8]) throws(OpenSSLError) -> Bool {
    let context = try unsafe Owned(EVP_MD_CTX_new(), by: "EVP_MD_CTX_new") { unsafe EVP_MD_CTX_free($0) }
    let digest = unsafe EVP_PKEY_get_base_id(pointer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
    guard unsafe EVP_DigestVerifyInit(context.pointer, nil, digest, nil, pointer) == 1 else {
      throw .draining(after: "EVP_DigestVerifyInit")
    }
    let result = unsafe EVP_DigestVerify(context.pointer, signature, signature.count, message, message.count)
    // A refused signature may leave entries that would be blamed on this thread's next call.
    ERR_clear_error()
    return result == 1
  }
}

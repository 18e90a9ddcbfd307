import COpenSSL

/// What the owner of a key asks a certificate for (PKCS#10, RFC 2986).
///
/// A value exists only if the owner of `publicKey` signed it: both initializers check that. All else that it says,
/// such as a name, is a wish: whoever answers the request decides. `der` is the request as bytes.
package struct CertificateRequest: Sendable, Hashable {
  /// Larger ones are not looked at; one for P-256 and a short name has about 220 bytes.
  package static let maximumByteCount = 4_096

  package let der: [UInt8]
  package let publicKey: P256.PublicKey

  /// Checks a request that somebody sent.
  package init(der: [UInt8]) throws(CertificateError) {
    guard der.count <= Self.maximumByteCount,
      let pointer = unsafe decodedDER(der, free: { unsafe X509_REQ_free($0) }, { unsafe d2i_X509_REQ(nil, $0, $1) })
    else { throw .malformed("a certificate request (PKCS#10 in DER)") }
    let request = try reporting { () throws(OpenSSLError) in
      try unsafe Owned(pointer, by: "d2i_X509_REQ") { unsafe X509_REQ_free($0) }
    }
    publicKey = try unsafe P256.PublicKey(X509_REQ_get_X509_PUBKEY(request.pointer))
    let verdict = unsafe X509_REQ_verify(request.pointer, publicKey.key.pointer)
    ERR_clear_error()
    guard verdict == 1 else { throw .badSignature }
    self.der = der
  }

  /// A request of one's own.
  ///
  /// - Parameter commonName: at most 64 characters (RFC 5280, ub-common-name).
  package init(key: P256.PrivateKey, commonName: String) throws(CertificateError) {
    let der = try reporting { () throws(OpenSSLError) in try Self.signed(key, commonName) }
    try self.init(der: der)
  }

  private static func signed(_ key: P256.PrivateKey, _ commonName: String) throws(OpenSSLError) -> [UInt8] {
    let request = try unsafe Owned(X509_REQ_new(), by: "X509_REQ_new") { unsafe X509_REQ_free($0) }
    let name = try DistinguishedName(commonName: commonName)
    guard unsafe X509_REQ_set_version(request.pointer, 0) == 1,
      unsafe X509_REQ_set_subject_name(request.pointer, name.pointer) == 1,
      unsafe X509_REQ_set_pubkey(request.pointer, key.publicKey.key.pointer) == 1
    else { throw .draining(after: "X509_REQ_set_subject_name") }
    let length = key.key.exclusively { unsafe X509_REQ_sign(request.pointer, key.key.pointer, EVP_sha256()) }
    guard length > 0 else { throw .draining(after: "X509_REQ_sign") }
    return try unsafe encodedDER(call: "i2d_X509_REQ") { unsafe i2d_X509_REQ(request.pointer, $0) }
  }
}

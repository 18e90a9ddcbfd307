import COpenSSL

extension P256.PrivateKey {
  /// A key from PKCS#8 in PEM, encrypted or not.
  ///
  /// - Parameters:
  ///   - pem: holds exactly one private key. Wipe it after use.
  ///   - passphrase: needed if the key is encrypted, ignored if it is not.
  package init(pem: [UInt8], passphrase: [UInt8]? = nil) throws(CertificateError) {
    var blocks = try PEM.blocks(pem)
    // In their place: wiping a copy would leave what it is a copy of.
    defer { for index in blocks.indices { blocks[index].bytes.wipe() } }
    let keys = blocks.indices.filter { blocks[$0].label.hasSuffix("PRIVATE KEY") }
    guard keys.count == 1, let index = keys.first else { throw .malformed("a PEM text with one private key") }
    let info: OpaquePointer?
    switch blocks[index].label {
    case "PRIVATE KEY":
      unsafe info = decodedDER(
        blocks[index].bytes, free: { unsafe PKCS8_PRIV_KEY_INFO_free($0) },
        { unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, $0, $1) })
    case "ENCRYPTED PRIVATE KEY":
      guard let passphrase else { throw .passphraseMissing }
      unsafe info = try Self.decrypted(blocks[index].bytes, passphrase)
    default:
      throw .malformed("a private key in PKCS#8: convert it with openssl pkcs8 -topk8")
    }
    guard let info = unsafe info else { throw .malformed("a private key in PKCS#8") }
    defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
    guard let pointer = unsafe EVP_PKCS82PKEY(info) else {
      ERR_clear_error()
      throw .malformed("a private key in PKCS#8")
    }
    try unsafe self.init(owning: EVPKey(owning: pointer))
  }

  private static func decrypted(_ bytes: [UInt8], _ passphrase: [UInt8]) throws(CertificateError) -> OpaquePointer {
    guard
      let envelope = unsafe decodedDER(bytes, free: { unsafe X509_SIG_free($0) }, { unsafe d2i_X509_SIG(nil, $0, $1) })
    else { throw .malformed("an encrypted private key in PKCS#8") }
    defer { unsafe X509_SIG_free(envelope) }
    let info = unsafe passphrase.withUnsafeBytes { buffer in
      unsafe PKCS8_decrypt(envelope, buffer.bindMemory(to: CChar.self).baseAddress, CInt(clamping: buffer.count))
    }
    ERR_clear_error()
    guard let info = unsafe info else { throw .passphraseWrong }
    return unsafe info
  }

  /// The key as PKCS#8 in PEM. Whoever reads it can sign, unless there is a passphrase: wipe it after use.
  ///
  /// - Parameter passphrase: what it is encrypted with: AES-256 under a key that scrypt makes of it.
  package func pem(passphrase: [UInt8]? = nil) throws(OpenSSLError) -> [UInt8] {
    let info = try unsafe Owned(EVP_PKEY2PKCS8(key.pointer), by: "EVP_PKEY2PKCS8") {
      unsafe PKCS8_PRIV_KEY_INFO_free($0)
    }
    guard let passphrase else {
      var plain = try unsafe encodedDER(call: "i2d_PKCS8_PRIV_KEY_INFO") {
        unsafe i2d_PKCS8_PRIV_KEY_INFO(info.pointer, $0)
      }
      defer { plain.wipe() }
      return try PEM.text(label: "PRIVATE KEY", plain)
    }
    // 16 MiB and about 50 ms for each guess: the parameters that openssl pkcs8 -scrypt takes.
    guard
      let algorithm = unsafe PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nil, 0, nil, 16_384, 8, 1)
    else { throw .draining(after: "PKCS5_pbe2_set_scrypt") }
    let sealed = unsafe passphrase.withUnsafeBytes { buffer in
      unsafe PKCS8_set0_pbe(
        buffer.bindMemory(to: CChar.self).baseAddress, CInt(clamping: buffer.count), info.pointer, algorithm)
    }
    guard let sealed = unsafe sealed else {
      let error = OpenSSLError.draining(after: "PKCS8_set0_pbe")
      unsafe X509_ALGOR_free(algorithm)
      throw error
    }
    // Owns the algorithm too by now.
    defer { unsafe X509_SIG_free(sealed) }
    return try PEM.text(
      label: "ENCRYPTED PRIVATE KEY",
      unsafe encodedDER(call: "i2d_X509_SIG") { unsafe i2d_X509_SIG(sealed, $0) })
  }
}

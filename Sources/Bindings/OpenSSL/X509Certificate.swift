import COpenSSL
package import FoundationEssentials

/// A certificate as somebody presents it (RFC 5280). That it can be read says nothing about whether it can be
/// trusted: for that there is ``CertificateVerifier``. `issuerCommonName` and `commonName` are nil if the name has no
/// common name, or several.
package struct X509Certificate: Sendable, Hashable {
  /// The longest certificate that is read, in bytes of DER.
  package static let maximumByteCount = 16_384

  /// The certificate as bytes. Two certificates are equal if these are.
  package let der: [UInt8]
  /// Highest byte first, without leading zeros; at most 20 bytes.
  package let serialNumber: [UInt8]
  /// The subject's common name.
  package let commonName: String?
  /// The subject's attribute of that name (OID 2.5.4.5): no serial number of the certificate.
  package let subjectSerialNumber: String?
  /// The issuer's common name.
  package let issuerCommonName: String?
  /// When the certificate begins to count.
  package let notBefore: Date
  /// When the certificate ends.
  package let notAfter: Date
  /// The DER of the SubjectPublicKeyInfo, of any kind of key.
  package let subjectPublicKeyInfo: [UInt8]
  /// The owner's names beside the subject; kinds that are of no use here are left out.
  package let alternativeNames: [AlternativeName]
  /// Whether its basic constraints call the owner an authority.
  package let isAuthority: Bool

  package init(der: [UInt8]) throws(CertificateError) {
    try self.init(Self.handle(der), der: der)
  }

  /// - Parameter der: of just this handle.
  init(_ handle: borrowing Owned, der: [UInt8]) throws(CertificateError) {
    self.der = der
    serialNumber = unsafe SerialNumber.bytes(X509_get0_serialNumber(handle.pointer))
    let subject = unsafe X509_get_subject_name(handle.pointer)
    commonName = unsafe DistinguishedName.text(of: NID_commonName, in: subject)
    subjectSerialNumber = unsafe DistinguishedName.text(of: NID_serialNumber, in: subject)
    issuerCommonName = unsafe DistinguishedName.text(
      of: NID_commonName, in: X509_get_issuer_name(handle.pointer))
    guard let notBefore = unsafe CertificateTime.date(X509_get0_notBefore(handle.pointer)),
      let notAfter = unsafe CertificateTime.date(X509_get0_notAfter(handle.pointer)),
      let key = unsafe X509_get_X509_PUBKEY(handle.pointer)
    else { throw .malformed("a certificate with readable times and key") }
    self.notBefore = notBefore
    self.notAfter = notAfter
    subjectPublicKeyInfo = try reporting { () throws(OpenSSLError) in
      try unsafe encodedDER(call: "i2d_X509_PUBKEY") { unsafe i2d_X509_PUBKEY(key, $0) }
    }
    alternativeNames = unsafe AlternativeName.all(of: handle.pointer)
    isAuthority = unsafe X509_check_ca(handle.pointer) == 1
    ERR_clear_error()
  }

  /// All certificates of a PEM text, in order; other blocks are refused.
  package static func all(pem: [UInt8]) throws(CertificateError) -> [X509Certificate] {
    var certificates: [X509Certificate] = []
    for block in try PEM.blocks(pem) {
      guard block.label == "CERTIFICATE" else { throw .malformed("a PEM text with certificates alone") }
      certificates.append(try X509Certificate(der: block.bytes))
    }
    return certificates
  }

  /// The certificate as a PEM text.
  package var pem: String {
    get throws(OpenSSLError) { String(decoding: try PEM.text(label: "CERTIFICATE", der), as: UTF8.self) }
  }

  /// The owner's key.
  ///
  /// - Throws: `notP256` for a key of another kind.
  package var publicKey: P256.PublicKey {
    get throws(CertificateError) { try P256.PublicKey(subjectPublicKeyInfo: subjectPublicKeyInfo) }
  }

  /// The URIs among the alternative names.
  package var uris: [String] {
    alternativeNames.compactMap { name in if case .uri(let text) = name { text } else { nil } }
  }

  /// SHA-256 of the DER.
  package var fingerprint: [UInt8] {
    get throws(OpenSSLError) { try SHA256.digest(of: der) }
  }

  /// The hash of the subject by which OpenSSL looks certificates up in a folder (`HASH.0`): eight hexadecimal digits.
  package var subjectHash: String {
    get throws(CertificateError) {
      let handle = try Self.handle(der)
      return hashText(unsafe X509_subject_name_hash(handle.pointer))
    }
  }

  /// Whether this certificate's owner signed a message: by SHA-256 and ECDSA, or RSA after PKCS #1 v1.5, or by
  /// Ed25519.
  package func isValid(signature: [UInt8], for message: [UInt8]) throws(CertificateError) -> Bool {
    let handle = try Self.handle(der)
    guard let key = unsafe X509_get_pubkey(handle.pointer) else {
      ERR_clear_error()
      throw .malformed("a certificate with a key that can be used")
    }
    let owned = unsafe EVPKey(owning: key)
    return try reporting { () throws(OpenSSLError) in try owned.isValid(signature: signature, for: message) }
  }

  package static func == (left: Self, right: Self) -> Bool { left.der == right.der }

  package func hash(into hasher: inout Hasher) { hasher.combine(der) }

  /// The library's own form, made anew each time: it fills in parts of it lazily, which is not for sharing.
  static func handle(_ der: [UInt8]) throws(CertificateError) -> Owned {
    guard der.count <= maximumByteCount,
      let pointer = unsafe decodedDER(der, free: { unsafe X509_free($0) }, { unsafe d2i_X509(nil, $0, $1) })
    else { throw .malformed("a certificate (X.509 in DER)") }
    return try reporting { () throws(OpenSSLError) in
      try unsafe Owned(pointer, by: "d2i_X509") { unsafe X509_free($0) }
    }
  }
}

/// `e651a7fd`
func hashText(_ hash: UInt) -> String {
  let digits = String(hash & 0xFFFF_FFFF, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}

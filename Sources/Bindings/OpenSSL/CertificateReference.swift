import COpenSSL
import Glibc

/// What tells one certificate from all others: who issued it, and the number that it has there.
package struct CertificateReference: Hashable, Sendable {
  /// The issuer's name in DER.
  package let issuer: [UInt8]
  /// The number's bytes, most significant first, without leading zeros.
  package let serialNumber: [UInt8]

  package init(issuer: [UInt8], serialNumber: [UInt8]) {
    self.issuer = issuer
    self.serialNumber = serialNumber
  }

  /// - Parameter certificate: X.509 in DER.
  package init(certificate: [UInt8]) throws(OpenSSLError) {
    var start = unsafe UnsafePointer<UInt8>?.none
    let parsed = unsafe certificate.withUnsafeBufferPointer { bytes in
      unsafe start = bytes.baseAddress
      return unsafe d2i_X509(nil, &start, bytes.count)
    }
    guard let parsed = unsafe parsed else { throw .draining(after: "d2i_X509") }
    defer { unsafe X509_free(parsed) }
    issuer = unsafe try encodedName(X509_get_issuer_name(parsed))
    serialNumber = unsafe numberBytes(X509_get0_serialNumber(parsed))
  }
}

/// What a certificate revocation list (RFC 5280, section 5) says, without a check of its signature.
package struct RevokedCertificates: Sendable {
  package let revoked: Set<CertificateReference>
  /// The issuer's name in DER.
  package let issuer: [UInt8]
  /// When a newer one is there at the latest, in seconds since 1970; nil if it does not say.
  package let nextUpdateSeconds: Int64?

  /// - Parameter list: a CRL in DER.
  package init(list: [UInt8]) throws(OpenSSLError) {
    var start = unsafe UnsafePointer<UInt8>?.none
    let parsed = unsafe list.withUnsafeBufferPointer { bytes in
      unsafe start = bytes.baseAddress
      return unsafe d2i_X509_CRL(nil, &start, bytes.count)
    }
    guard let parsed = unsafe parsed else { throw .draining(after: "d2i_X509_CRL") }
    defer { unsafe X509_CRL_free(parsed) }
    let issuer = unsafe try encodedName(X509_CRL_get_issuer(parsed))
    var revoked: Set<CertificateReference> = []
    // A list that revokes nothing has no stack, which counts as an empty one.
    let entries = unsafe X509_CRL_get_REVOKED(parsed)
    for index in 0..<max(0, unsafe OPENSSL_sk_num(entries)) {
      guard let entry = unsafe OPENSSL_sk_value(entries, index) else { continue }
      let number = unsafe X509_REVOKED_get0_serialNumber(OpaquePointer(entry))
      revoked.insert(CertificateReference(issuer: issuer, serialNumber: unsafe numberBytes(number)))
    }
    self.revoked = revoked
    self.issuer = issuer
    nextUpdateSeconds = unsafe secondsSince1970(X509_CRL_get0_nextUpdate(parsed))
  }
}

private func encodedName(_ name: OpaquePointer?) throws(OpenSSLError) -> [UInt8] {
  let count = unsafe i2d_X509_NAME(name, nil)
  guard count > 0 else { throw .draining(after: "i2d_X509_NAME") }
  return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, used in
    var cursor = buffer.baseAddress
    used = unsafe Int(i2d_X509_NAME(name, &cursor))
  }
}

private func numberBytes(_ number: UnsafePointer<ASN1_INTEGER>?) -> [UInt8] {
  guard let number = unsafe number, let bytes = unsafe ASN1_STRING_get0_data(number) else { return [] }
  return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(number))))
}

private func secondsSince1970(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
  guard let time = unsafe time else { return nil }
  var parts = unsafe tm()
  guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
  return unsafe Int64(timegm(&parts))
}

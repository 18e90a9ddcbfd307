import COpenSSL
package import FoundationEssentials

/// The certificates that one issuer took back (CRL; RFC 5280, section 5).
///
/// `der` is the list as bytes. It is in force from `thisUpdate` until `nextUpdate`, by when the issuer promises
/// another. `issuerCommonName` is nil if the issuer's name has no common name, or several.
package struct CertificateRevocationList: Sendable, Hashable {
  /// One certificate that was taken back: its `serialNumber`, highest byte first, and the `date` of that.
  package struct Entry: Sendable, Hashable {
    package var serialNumber: [UInt8]
    package var date: Date

    package init(serialNumber: [UInt8], date: Date) {
      self.serialNumber = serialNumber
      self.date = date
    }
  }

  package let der: [UInt8]
  package let issuerCommonName: String?
  package let thisUpdate: Date
  package let nextUpdate: Date
  /// Whether the list covers only the certificates whose distribution point it names (its scope), and not all of the
  /// issuer.
  package let isPartial: Bool

  /// Reads a list. Whether the issuer signed it is another question: ``isSigned(by:)``.
  package init(der: [UInt8]) throws(CertificateError) {
    let handle = try Self.handle(der)
    guard let thisUpdate = unsafe CertificateTime.date(X509_CRL_get0_lastUpdate(handle.pointer)),
      let nextUpdate = unsafe CertificateTime.date(X509_CRL_get0_nextUpdate(handle.pointer))
    else { throw .malformed("a list of revoked certificates with both its times") }
    self.der = der
    self.thisUpdate = thisUpdate
    self.nextUpdate = nextUpdate
    issuerCommonName = unsafe DistinguishedName.text(of: NID_commonName, in: X509_CRL_get_issuer(handle.pointer))
    isPartial = unsafe X509_CRL_get_ext_by_NID(handle.pointer, NID_issuing_distribution_point, -1) >= 0
  }

  /// The serial numbers on the list, highest byte first. They are read from the DER on each call: a list may have
  /// hundreds of thousands, and few callers ask.
  package var revokedSerialNumbers: Set<[UInt8]> {
    get throws(CertificateError) {
      let handle = try Self.handle(der)
      var revoked: Set<[UInt8]> = []
      for index in 0..<max(0, unsafe xtblish_revoked_count(handle.pointer)) {
        revoked.insert(unsafe SerialNumber.bytes(xtblish_revoked_serial(handle.pointer, index)))
      }
      return revoked
    }
  }

  /// Makes a list.
  ///
  /// - Parameters:
  ///   - number: grows with each list of the issuer.
  ///   - thisUpdate: later than that of the list before by at least a second: of two lists that are about a certificate,
  ///     readers take the later.
  ///   - scope: the distribution points of the certificates that it is about; nil: all of the issuer.
  package init(
    issuer: X509Certificate, issuerKey: P256.PrivateKey, number: Int64, thisUpdate: Date, nextUpdate: Date,
    entries: [Entry], scope: [AlternativeName]? = nil
  ) throws(CertificateError) {
    let above = try X509Certificate.handle(issuer.der)
    let der = try reporting { () throws(OpenSSLError) in
      let list = try unsafe Owned(X509_CRL_new(), by: "X509_CRL_new") { unsafe X509_CRL_free($0) }
      try unsafe Self.fill(list.pointer, above.pointer, thisUpdate, nextUpdate)
      for entry in entries { try unsafe Self.add(entry, to: list.pointer) }
      guard
        unsafe xtblish_add_crl_extension(list.pointer, above.pointer, NID_authority_key_identifier, "keyid:always") == 1
      else { throw OpenSSLError.draining(after: "X509V3_EXT_nconf_nid") }
      try unsafe Self.set(number, of: list.pointer)
      if let scope {
        let names = try AlternativeName.handle(scope)
        guard unsafe xtblish_add_issuing_distribution_point(list.pointer, names.pointer) == 1 else {
          throw OpenSSLError.draining(after: "X509_CRL_add1_ext_i2d")
        }
      }
      guard unsafe X509_CRL_sort(list.pointer) == 1 else { throw OpenSSLError.draining(after: "X509_CRL_sort") }
      let length = issuerKey.key.exclusively {
        unsafe X509_CRL_sign(list.pointer, issuerKey.key.pointer, EVP_sha256())
      }
      guard length > 0 else { throw OpenSSLError.draining(after: "X509_CRL_sign") }
      return try unsafe encodedDER(call: "i2d_X509_CRL") { unsafe i2d_X509_CRL(list.pointer, $0) }
    }
    try self.init(der: der)
  }

  /// All lists of a PEM text, in order.
  package static func all(pem: [UInt8]) throws(CertificateError) -> [CertificateRevocationList] {
    var lists: [CertificateRevocationList] = []
    for block in try PEM.blocks(pem) {
      guard block.label == "X509 CRL" else { throw .malformed("a PEM text with lists of revoked certificates alone") }
      lists.append(try CertificateRevocationList(der: block.bytes))
    }
    return lists
  }

  /// The list as a PEM text (`X509 CRL`).
  package var pem: String {
    get throws(OpenSSLError) { String(decoding: try PEM.text(label: "X509 CRL", der), as: UTF8.self) }
  }

  /// Whether this issuer's key signed the list. The issuer itself may still be untrusted.
  ///
  /// - Throws: only when the check could not be made.
  package func isSigned(by issuer: X509Certificate) throws(CertificateError) -> Bool {
    let list = try Self.handle(der)
    let above = try X509Certificate.handle(issuer.der)
    let key = unsafe X509_get0_pubkey(above.pointer)
    let verdict = unsafe X509_CRL_verify(list.pointer, key)
    ERR_clear_error()
    return verdict == 1
  }

  /// The hash of the issuer's name by which OpenSSL looks lists up in a folder (`HASH.r0`): eight hexadecimal digits.
  package var issuerHash: String {
    get throws(CertificateError) {
      let handle = try Self.handle(der)
      return hashText(unsafe X509_NAME_hash_ex(X509_CRL_get_issuer(handle.pointer), nil, nil, nil))
    }
  }

  package static func == (left: Self, right: Self) -> Bool { left.der == right.der }

  package func hash(into hasher: inout Hasher) { hasher.combine(der) }

  static func handle(_ der: [UInt8]) throws(CertificateError) -> Owned {
    guard
      let pointer = unsafe decodedDER(der, free: { unsafe X509_CRL_free($0) }, { unsafe d2i_X509_CRL(nil, $0, $1) })
    else { throw .malformed("a list of revoked certificates (X.509 CRL in DER)") }
    return try reporting { () throws(OpenSSLError) in
      try unsafe Owned(pointer, by: "d2i_X509_CRL") { unsafe X509_CRL_free($0) }
    }
  }

  private static func fill(
    _ list: OpaquePointer, _ issuer: OpaquePointer, _ thisUpdate: Date, _ nextUpdate: Date
  ) throws(OpenSSLError) {
    let last = try unsafe CertificateTime.make(thisUpdate)
    defer { unsafe ASN1_TIME_free(last) }
    let next = try unsafe CertificateTime.make(nextUpdate)
    defer { unsafe ASN1_TIME_free(next) }
    // Version 2 is written as 1.
    guard unsafe X509_CRL_set_version(list, 1) == 1,
      unsafe X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer)) == 1,
      unsafe X509_CRL_set1_lastUpdate(list, last) == 1, unsafe X509_CRL_set1_nextUpdate(list, next) == 1
    else { throw .draining(after: "X509_CRL_set_issuer_name") }
  }

  private static func set(_ number: Int64, of list: OpaquePointer) throws(OpenSSLError) {
    guard let integer = unsafe ASN1_INTEGER_new() else { throw .draining(after: "ASN1_INTEGER_new") }
    defer { unsafe ASN1_INTEGER_free(integer) }
    guard unsafe ASN1_INTEGER_set_int64(integer, number) == 1,
      unsafe X509_CRL_add1_ext_i2d(list, NID_crl_number, integer, 0, 0) == 1
    else { throw .draining(after: "X509_CRL_add1_ext_i2d") }
  }

  private static func add(_ entry: Entry, to list: OpaquePointer) throws(OpenSSLError) {
    let revoked = try unsafe Owned(X509_REVOKED_new(), by: "X509_REVOKED_new") { unsafe X509_REVOKED_free($0) }
    guard let number = unsafe ASN1_INTEGER_new() else { throw .draining(after: "ASN1_INTEGER_new") }
    defer { unsafe ASN1_INTEGER_free(number) }
    try unsafe SerialNumber.set(entry.serialNumber, number)
    let date = try unsafe CertificateTime.make(entry.date)
    defer { unsafe ASN1_TIME_free(date) }
    guard unsafe X509_REVOKED_set_serialNumber(revoked.pointer, number) == 1,
      unsafe X509_REVOKED_set_revocationDate(revoked.pointer, date) == 1
    else { throw .draining(after: "X509_REVOKED_set_serialNumber") }
    // The list takes it over, so it gets a copy.
    guard let copy = unsafe X509_REVOKED_dup(revoked.pointer) else { throw .draining(after: "X509_REVOKED_dup") }
    guard unsafe X509_CRL_add0_revoked(list, copy) == 1 else {
      unsafe X509_REVOKED_free(copy)
      throw .draining(after: "X509_CRL_add0_revoked")
    }
  }
}

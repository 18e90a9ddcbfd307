import COpenSSL
package import FoundationEssentials

/// What an authority says of a key when it makes a certificate: its owner's names, from when until when it counts,
/// and what it may be used for.
package struct CertificateTemplate: Sendable {
  /// Whether the owner may issue certificates itself.
  package enum Kind: Sendable, Hashable {
    /// An authority, and how many further ones may follow below it; nil for any number.
    case authority(pathLength: Int?)
    /// Not an authority: a service, a device or a person, and what the key may be used for.
    case leaf(Set<Usage>)
  }

  /// Which side of TLS its owner may be.
  package enum Usage: Sendable, Hashable {
    case client
    case server
  }

  /// The owner's name, at most 64 characters (RFC 5280, ub-common-name).
  package var commonName: String
  /// What the owner may do.
  package var kind: Kind
  /// Further names of the owner; for a server the hosts that clients check.
  package var alternativeNames: [AlternativeName]
  /// When the certificate begins to count, to the second.
  package var notBefore: Date
  /// When the certificate ends, to the second.
  package var notAfter: Date
  /// 1 to 20 bytes, the first below 0x80 and not all zero.
  package var serialNumber: [UInt8]
  /// The name by which a revocation list with a scope covers this certificate; nil: only lists about all certificates
  /// of the issuer do.
  package var distributionPoint: AlternativeName?

  /// A template with a random serial number.
  package init(
    commonName: String, kind: Kind, alternativeNames: [AlternativeName] = [], notBefore: Date, notAfter: Date
  ) throws(OpenSSLError) {
    self.commonName = commonName
    self.kind = kind
    self.alternativeNames = alternativeNames
    self.notBefore = notBefore
    self.notAfter = notAfter
    var number = try randomBytes(count: 16)
    // Positive, and of one length for all.
    number[0] = number[0] & 0x7F | 0x40
    serialNumber = number
  }

  /// For constants alone: extensions in the form of x509v3_config(5).
  fileprivate var extensions: [(CInt, String)] {
    switch kind {
    case .authority(let pathLength):
      [
        (NID_basic_constraints, "critical,CA:TRUE" + (pathLength.map { ",pathlen:\($0)" } ?? "")),
        (NID_key_usage, "critical,keyCertSign,cRLSign"),
      ]
    case .leaf(let usages):
      [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
        (
          NID_ext_key_usage,
          [usages.contains(.server) ? "serverAuth" : nil, usages.contains(.client) ? "clientAuth" : nil]
            .compactMap { $0 }.joined(separator: ",")
        ),
      ]
    }
  }
}

extension X509Certificate {
  /// Makes a certificate.
  ///
  /// - Parameters:
  ///   - publicKey: whose it is.
  ///   - issuer: nil for one that signs itself.
  ///   - issuerKey: the issuer's.
  package init(
    _ template: CertificateTemplate, for publicKey: P256.PublicKey, issuer: X509Certificate?,
    issuerKey: P256.PrivateKey
  ) throws(CertificateError) {
    let issuer: IssuerCertificate? = if let issuer { try IssuerCertificate(issuer) } else { nil }
    try self.init(template, publicKey, issuer, issuerKey)
  }

  /// Makes one of the many of the same issuer.
  package init(
    _ template: CertificateTemplate, for publicKey: P256.PublicKey, issuer: IssuerCertificate,
    issuerKey: P256.PrivateKey
  ) throws(CertificateError) {
    try self.init(template, publicKey, issuer, issuerKey)
  }

  private init(
    _ template: CertificateTemplate, _ publicKey: P256.PublicKey, _ issuer: IssuerCertificate?,
    _ issuerKey: P256.PrivateKey
  ) throws(CertificateError) {
    let handle = try reporting { () throws(OpenSSLError) in
      try Self.signed(template, publicKey, issuer: issuer, issuerKey)
    }
    let der = try reporting { () throws(OpenSSLError) in
      try unsafe encodedDER(call: "i2d_X509") { unsafe i2d_X509(handle.pointer, $0) }
    }
    try self.init(handle, der: der)
  }

  private static func signed(
    _ template: CertificateTemplate, _ publicKey: P256.PublicKey, issuer: IssuerCertificate?,
    _ issuerKey: P256.PrivateKey
  ) throws(OpenSSLError) -> Owned {
    let certificate = try unsafe Owned(X509_new(), by: "X509_new") { unsafe X509_free($0) }
    let name = try DistinguishedName(commonName: template.commonName)
    try unsafe fill(certificate.pointer, template, publicKey)
    guard unsafe X509_set_subject_name(certificate.pointer, name.pointer) == 1 else {
      throw .draining(after: "X509_set_subject_name")
    }
    for (nid, value) in template.extensions + [(NID_subject_key_identifier, "hash")] {
      try unsafe addExtension(nid, value, to: certificate.pointer, issuer: certificate.pointer)
    }
    // After its own key identifier, which is that of its authority where it signs itself.
    if let issuer {
      try unsafe issuer.withHandle { (above) throws(OpenSSLError) in
        try unsafe self.name(above, asIssuerOf: certificate.pointer)
      }
    } else {
      try unsafe self.name(certificate.pointer, asIssuerOf: certificate.pointer)
    }
    try unsafe AlternativeName.add(template.alternativeNames, to: certificate.pointer)
    if let point = template.distributionPoint {
      let names = try AlternativeName.handle([point])
      guard unsafe xtblish_add_distribution_point(certificate.pointer, names.pointer) == 1 else {
        throw .draining(after: "X509_add1_ext_i2d")
      }
    }
    let length = issuerKey.key.exclusively {
      unsafe X509_sign(certificate.pointer, issuerKey.key.pointer, EVP_sha256())
    }
    guard length > 0 else { throw .draining(after: "X509_sign") }
    return certificate
  }

  private static func name(_ above: OpaquePointer, asIssuerOf certificate: OpaquePointer) throws(OpenSSLError) {
    guard unsafe X509_set_issuer_name(certificate, X509_get_subject_name(above)) == 1 else {
      throw .draining(after: "X509_set_issuer_name")
    }
    try unsafe addExtension(NID_authority_key_identifier, "keyid:always", to: certificate, issuer: above)
  }

  private static func addExtension(
    _ nid: CInt, _ value: String, to certificate: OpaquePointer, issuer: OpaquePointer
  ) throws(OpenSSLError) {
    guard unsafe xtblish_add_certificate_extension(certificate, issuer, nid, value) == 1 else {
      throw .draining(after: "X509V3_EXT_nconf_nid")
    }
  }

  private static func fill(
    _ certificate: OpaquePointer, _ template: CertificateTemplate, _ publicKey: P256.PublicKey
  ) throws(OpenSSLError) {
    try unsafe SerialNumber.set(template.serialNumber, X509_get_serialNumber(certificate))
    let notBefore = try unsafe CertificateTime.make(template.notBefore)
    defer { unsafe ASN1_TIME_free(notBefore) }
    let notAfter = try unsafe CertificateTime.make(template.notAfter)
    defer { unsafe ASN1_TIME_free(notAfter) }
    // Version 3 is written as 2.
    guard unsafe X509_set_version(certificate, 2) == 1,
      unsafe X509_set1_notBefore(certificate, notBefore) == 1, unsafe X509_set1_notAfter(certificate, notAfter) == 1
    else { throw .draining(after: "X509_set1_notAfter") }
    try unsafe publicKey.write(to: X509_get_X509_PUBKEY(certificate))
  }
}

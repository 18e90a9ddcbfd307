import COpenSSL
package import FoundationEssentials

/// Decides whether a chain of certificates can be trusted.
package struct CertificateVerifier: Sendable {
  private let roots: [X509Certificate]
  private let lists: [CertificateRevocationList]?
  private let acceptsIntermediates: Bool
  private let refusesWeakness: Bool

  /// - Parameters:
  ///   - roots: whose word counts.
  ///   - lists: what their issuers took back. With them, a leaf whose issuer has no list that is in force is refused;
  ///     nil does without the question.
  ///   - acceptsIntermediates: whether the word of one of `roots` counts also if another authority has signed it.
  ///   - refusesWeakness: whether keys and signatures that may be forged (below 112 bits: RSA-1024, SHA-1) are refused.
  package init(
    roots: [X509Certificate], lists: [CertificateRevocationList]? = nil, acceptsIntermediates: Bool = false,
    refusesWeakness: Bool = false
  ) {
    self.roots = roots
    self.lists = lists
    self.acceptsIntermediates = acceptsIntermediates
    self.refusesWeakness = refusesWeakness
  }

  /// Builds a chain from the leaf to one of the roots and checks all of it.
  ///
  /// - Parameters:
  ///   - chain: the leaf first, then in any order what may stand between it and a root.
  ///   - usage: what the leaf is to be used as; nil for anything.
  /// - Throws: why it can't be trusted.
  package func verify(
    _ chain: [X509Certificate], usage: CertificateTemplate.Usage?, at date: Date
  ) throws(CertificateRefusal) -> VerifiedCertificate {
    guard let leaf = chain.first else {
      throw CertificateRefusal(.unknownIssuer, detail: "there is no certificate")
    }
    let code: CInt
    do {
      code = try verdict(chain, leaf, usage, date)
    } catch {
      throw CertificateRefusal(.other, detail: "\(error)")
    }
    guard code == X509_V_OK else {
      throw unsafe CertificateRefusal(
        CertificateRefusal.Reason(code: code), detail: String(cString: X509_verify_cert_error_string(Int(code))))
    }
    return VerifiedCertificate(certificate: leaf)
  }

  private func verdict(
    _ chain: [X509Certificate], _ leaf: X509Certificate, _ usage: CertificateTemplate.Usage?, _ date: Date
  ) throws(CertificateError) -> CInt {
    let store = try reporting { () throws(OpenSSLError) in
      try unsafe Owned(X509_STORE_new(), by: "X509_STORE_new") { unsafe X509_STORE_free($0) }
    }
    for root in roots {
      let handle = try X509Certificate.handle(root.der)
      _ = unsafe X509_STORE_add_cert(store.pointer, handle.pointer)
    }
    for list in lists ?? [] {
      let handle = try CertificateRevocationList.handle(list.der)
      _ = unsafe X509_STORE_add_crl(store.pointer, handle.pointer)
    }
    let others = try reporting { () throws(OpenSSLError) in
      try unsafe Owned(xtblish_certificates_new(), by: "sk_X509_new_null") { unsafe xtblish_certificates_free($0) }
    }
    for certificate in chain.dropFirst() {
      let handle = try X509Certificate.handle(certificate.der)
      _ = unsafe xtblish_certificates_add(others.pointer, handle.pointer)
    }
    let first = try X509Certificate.handle(leaf.der)
    let context = try reporting { () throws(OpenSSLError) in
      try unsafe Owned(X509_STORE_CTX_new(), by: "X509_STORE_CTX_new") { unsafe X509_STORE_CTX_free($0) }
    }
    guard unsafe X509_STORE_CTX_init(context.pointer, store.pointer, first.pointer, others.pointer) == 1 else {
      throw .library(.draining(after: "X509_STORE_CTX_init"))
    }
    unsafe configure(X509_STORE_CTX_get0_param(context.pointer), usage, date)
    let isTrusted = unsafe X509_verify_cert(context.pointer) == 1
    let code = unsafe X509_STORE_CTX_get_error(context.pointer)
    ERR_clear_error()
    return isTrusted ? X509_V_OK : (code == X509_V_OK ? X509_V_ERR_UNSPECIFIED : code)
  }

  private func configure(_ parameters: OpaquePointer?, _ usage: CertificateTemplate.Usage?, _ date: Date) {
    unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(date.timeIntervalSince1970.rounded(.down)))
    // A root that took another's place several times, each time signed by the one before.
    unsafe X509_VERIFY_PARAM_set_depth(parameters, 10)
    if refusesWeakness { unsafe X509_VERIFY_PARAM_set_auth_level(parameters, 2) }
    switch usage {
    case .client: unsafe _ = X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT)
    case .server: unsafe _ = X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER)
    case nil: break
    }
    // Leaves alone: what a root took back is not asked, as roots are offline and are themselves taken out of the list.
    if lists != nil { unsafe _ = X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_CRL_CHECK)) }
    if acceptsIntermediates {
      unsafe _ = X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }
  }
}

/// A `certificate` that a root vouched for when it was verified. Only ``CertificateVerifier`` makes one.
package struct VerifiedCertificate: Sendable, Hashable {
  package let certificate: X509Certificate

  fileprivate init(certificate: X509Certificate) {
    self.certificate = certificate
  }
}

/// Why a certificate is not trusted.
package struct CertificateRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of refusal; the raw value is for programs, in kebab-case.
  package enum Reason: String, Sendable {
    case expired
    case notYetValid = "not-yet-valid"
    case revoked
    /// The certificate, or one above it, signed itself and is none of the roots.
    case selfSigned = "self-signed"
    /// No certificate at hand is the issuer of one in the chain.
    case unknownIssuer = "unknown-issuer"
    /// The certificate may not be used for what was asked, or one above it may not issue certificates.
    case wrongUsage = "wrong-usage"
    case badSignature = "bad-signature"
    /// A key or signature is of a kind that may be forged.
    case weak
    /// There is no list of its issuer's revoked certificates, or none that is in force.
    case revocationUnknown = "revocation-unknown"
    /// Anything else; see ``CertificateRefusal/detail``.
    case other
  }

  /// The kind of refusal.
  package let reason: Reason
  /// What the library says, in English.
  package let detail: String

  init(_ reason: Reason, detail: String) {
    self.reason = reason
    self.detail = detail
  }

  package var description: String { "the certificate is refused (\(reason.rawValue)): \(detail)" }
}

extension CertificateRefusal.Reason {
  init(code: CInt) {
    self =
      switch code {
      case X509_V_ERR_CERT_HAS_EXPIRED: .expired
      case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
      case X509_V_ERR_CERT_REVOKED: .revoked
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: .selfSigned
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        .unknownIssuer
      case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_CA, X509_V_ERR_PATH_LENGTH_EXCEEDED: .wrongUsage
      case X509_V_ERR_CERT_SIGNATURE_FAILURE: .badSignature
      case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: .weak
      case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
        X509_V_ERR_CRL_SIGNATURE_FAILURE:
        .revocationUnknown
      default: .other
      }
  }
}

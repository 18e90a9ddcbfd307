import COpenSSL

/// What kind of key a certificate is for; `rsa` with the length of its modulus.
package enum PublicKeyKind: Sendable, Hashable {
  case p256
  case p384
  case ed25519
  case rsa(bits: Int)
  case other

  /// Whether the key is as hard to break as 112 bits are to guess (NIST SP 800-57), and of a kind that everything
  /// here can check.
  package var isStrong: Bool {
    switch self {
    case .p256, .p384, .ed25519: true
    case .rsa(let bits): bits >= 2048
    case .other: false
    }
  }
}

extension X509Certificate {
  /// The kind of the owner's key; `.other` for one that the library does not know.
  package var keyKind: PublicKeyKind {
    get throws(CertificateError) {
      let handle = try Self.handle(der)
      guard let key = unsafe X509_get0_pubkey(handle.pointer) else {
        ERR_clear_error()
        return .other
      }
      switch unsafe EVP_PKEY_get_base_id(key) {
      case EVP_PKEY_RSA: return unsafe .rsa(bits: Int(EVP_PKEY_get_bits(key)))
      case EVP_PKEY_ED25519: return .ed25519
      case EVP_PKEY_EC:
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else {
          ERR_clear_error()
          return .other
        }
        switch String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) {
        case "prime256v1", "P-256": return .p256
        case "secp384r1", "P-384": return .p384
        default: return .other
        }
      default: return .other
      }
    }
  }

  /// Whether the certificate calls its owner an authority, or lets it sign certificates in some older way that
  /// OpenSSL accepts.
  package var mayBeAuthority: Bool {
    get throws(CertificateError) {
      let handle = try Self.handle(der)
      let isCalledSo = unsafe X509_get_extension_flags(handle.pointer) & UInt32(EXFLAG_CA) != 0
      return unsafe isCalledSo || X509_check_ca(handle.pointer) != 0
    }
  }

  /// Whether the owner may sign with the key. A certificate without a key usage allows it.
  package var allowsDigitalSignature: Bool {
    get throws(CertificateError) {
      let handle = try Self.handle(der)
      return unsafe X509_get_key_usage(handle.pointer) & UInt32(KU_DIGITAL_SIGNATURE) != 0
    }
  }
}

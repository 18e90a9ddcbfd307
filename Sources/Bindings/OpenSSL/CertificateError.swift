/// What is wrong with a key, a request, a certificate or a list of revoked ones.
package enum CertificateError: Error, Sendable, Equatable {
  /// The bytes are not what they should be; the text says what that is.
  case malformed(String)
  /// The key is of another kind than P-256.
  case notP256
  /// A request that the owner of its key did not sign.
  case badSignature
  /// The private key is encrypted, and no passphrase was given.
  case passphraseMissing
  /// The passphrase does not open the private key.
  case passphraseWrong
  /// The PKCS#11 token, its module or the key in it can't be used; the text says what to do.
  case token(String)
  /// A call into libcrypto failed for another reason.
  case library(OpenSSLError)
}

extension CertificateError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformed(let what): "this is not \(what)"
    case .notP256: "the key is not an elliptic-curve key on P-256 (prime256v1): make one of that kind"
    case .badSignature: "the certificate request is not signed by the key that it is for"
    case .passphraseMissing: "the private key is encrypted: give the file with its passphrase"
    case .passphraseWrong: "the passphrase does not open the private key: check the file that it is in"
    case .token(let problem): problem
    case .library(let error): error.description
    }
  }
}

/// Makes a failure of the library one of the errors above.
func reporting<T: ~Copyable>(_ body: () throws(OpenSSLError) -> T) throws(CertificateError) -> T {
  do {
    return try body()
  } catch {
    throw .library(error)
  }
}

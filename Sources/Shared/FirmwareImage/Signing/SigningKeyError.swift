package import OpenSSL

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Why a signing key could not be made, read or kept. Never holds a part of it.
package enum SigningKeyError: Error, Equatable, Sendable {
  /// A call of the system failed, with its errno.
  case failed(String, String, Int32)
  case exists(String)
  /// Others than the owner may read the file.
  case openToOthers(String)
  /// The file is not one key with this label in PEM.
  case notAKey(String, String)
  case unusable(ImageFormatError)
  case cryptography(OpenSSLError)
}

extension SigningKeyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .failed(let call, let path, let code):
      "\(call) of \(path) failed: \(String(cString: strerror(code)))"
    case .exists(let path):
      "\(path) exists, and a key is never written over. Choose another name, or move that file away."
    case .openToOthers(let path):
      "\(path) holds a private key, and others than its owner may use the file. If nobody has: chmod 600 \(path); "
        + "else make another key."
    case .notAKey(let path, let label):
      "\(path) is not an Ed25519 key in PEM (one block, \(label))."
    case .unusable(let error): error.description
    case .cryptography(let error): "The key could not be used: \(error)."
    }
  }
}

package import OpenSSL

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Why a signing key could not be made, read or kept. No part of the key is in it.
package enum SigningKeyError: Error, Equatable, Sendable {
  /// A call of the system failed: its name, the path, and its errno.
  case failed(String, String, Int32)
  /// There is a file of that path already, and keys are never written over.
  case exists(String)
  /// Others than the owner may read the file.
  case openToOthers(String)
  /// The file of that path is not one key with this PEM label.
  case notAKey(String, String)
  /// The bytes are no Ed25519 key.
  case unusable(ImageFormatError)
  case cryptography(OpenSSLError)
}

extension SigningKeyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .failed(let call, let path, let code):
      "\(call) of \(path) failed: \(String(cString: strerror(code)))"
    case .exists(let path):
      "\(path) exists, and a key is never written over: choose another name, or move that file away"
    case .openToOthers(let path):
      "\(path) holds a private key, and others than its owner may use the file: chmod 600 \(path) if nobody has, "
        + "else make another key"
    case .notAKey(let path, let label):
      "\(path) is not an Ed25519 key in PEM (one block, \(label))"
    case .unusable(let error): error.description
    case .cryptography(let error): "the key could not be used: \(error)"
    }
  }
}

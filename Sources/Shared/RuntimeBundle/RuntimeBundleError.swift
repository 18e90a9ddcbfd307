package import OpenSSL

/// What is wrong with a runtime's bundle.
package enum RuntimeBundleError: Error, Sendable, Equatable {
  /// It is not in the form of a bundle; the text says where.
  case malformed(String)
  case unsigned
  /// By none of the keys that may sign runtimes.
  case unknownKey(String)
  case wrongSignature
  /// A file is not what the table says.
  case damaged(file: String)
  /// There is no such file, or it can't be read.
  case unreadable(file: String, reason: String)
  case cryptography(OpenSSLError)
}

extension RuntimeBundleError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformed(let problem): "this is not a runtime's bundle: \(problem)"
    case .unsigned: "the runtime is not signed: sign it with xtblish-device runtime sign"
    case .unknownKey(let key):
      "the key \(key) may not sign runtimes: name it for xtblish-runtime in the root document"
    case .wrongSignature: "the runtime's signature is not of this runtime: it was changed after it was signed"
    case .damaged(let file): "\(file) is not what was signed: it is damaged; get the bundle again"
    case .unreadable(let file, let reason): "can't read \(file): \(reason)"
    case .cryptography(let error): "the runtime could not be checked: \(error)"
    }
  }
}

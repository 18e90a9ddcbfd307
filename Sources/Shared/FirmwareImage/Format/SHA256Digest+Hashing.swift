package import Foundations
package import OpenSSL

extension SHA256Digest {
  /// The digest of these bytes.
  package static func of(_ bytes: some Collection<UInt8>) throws(OpenSSLError) -> SHA256Digest {
    SHA256Digest(finished: try SHA256.digest(of: bytes))
  }
}

import Foundations
package import OpenSSL

/// Names a signing key: the first 8 bytes of the SHA-256 of its 32-byte public key.
package struct KeyID: Hashable, Sendable {
  /// Length of an ID.
  package static let byteCount = 8

  /// The ID, as it stands in images.
  package let bytes: [UInt8]

  /// Takes the bytes of an ID; nil unless there are 8 that are not all zero: zero stands for "unsigned".
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount, bytes.contains(where: { $0 != 0 }) else { return nil }
    self.bytes = Array(bytes)
  }

  /// The ID of a key.
  package init(of key: Ed25519.PublicKey) throws(ImageFormatError) {
    let digest: [UInt8]
    do throws(OpenSSLError) {
      digest = try SHA256.digest(of: key.rawRepresentation)
    } catch {
      throw .cryptography(error)
    }
    // One key in 2^64 has the ID zero.
    guard let id = KeyID(bytes: digest.prefix(Self.byteCount)) else { throw .keyIDIsZero }
    self = id
  }
}

extension KeyID: CustomStringConvertible {
  package var description: String { Hexadecimal.encode(bytes) }
}

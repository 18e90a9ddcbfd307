/// Ed25519 signatures (RFC 8032, pure variant: no prehash, no context).
package enum Ed25519 {
  /// Length of a raw private key (the seed) and of a raw public key, in bytes.
  package static let keyByteCount = 32
  /// Length of a signature in bytes.
  package static let signatureByteCount = 64
}

/// Keys on the curve P-256 (FIPS 186-5, also called prime256v1 and secp256r1), and ECDSA with SHA-256.
package enum P256 {
  /// The DER of a SubjectPublicKeyInfo up to the point, for the named curve and an uncompressed point (RFC 5480).
  static let subjectPublicKeyInfoPrefix: [UInt8] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE,
    0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
  ]
  /// Length of a SubjectPublicKeyInfo in bytes: two coordinates of 32 follow the prefix.
  static let subjectPublicKeyInfoByteCount = 91
  /// An uncompressed point: a byte that says so, and two coordinates.
  static let pointByteCount = 65
}

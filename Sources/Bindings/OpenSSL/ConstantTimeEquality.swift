import COpenSSL

/// Compares without telling by its duration where the two first differ.
///
/// Lengths are not secret: different lengths answer at once.
package func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}

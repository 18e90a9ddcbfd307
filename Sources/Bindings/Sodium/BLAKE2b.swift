import CSodium

/// BLAKE2b with digests of 32 bytes (RFC 7693), by libsodium: no weaker than SHA-256, and quicker where a processor has
/// no instructions for that. libzmq brings the library into every process that talks over it.
package enum BLAKE2b {
  /// Length of a digest in bytes.
  package static let byteCount = 32

  /// Has libsodium choose its code for this processor. If it can not, the one for all processors stays.
  private static let isPrepared = sodium_init() >= 0

  /// The digest of bytes that are already in memory.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    _ = isPrepared
    return unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { digest, count in
      let result = unsafe crypto_generichash(
        digest.baseAddress!, byteCount, bytes, UInt64(bytes.count), nil, 0)
      precondition(result == 0, "crypto_generichash refused a digest of \(byteCount) bytes without a key")
      count = byteCount
    }
  }
}

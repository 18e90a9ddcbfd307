import COpenSSL
import Synchronization

/// Owns one `EVP_PKEY`.
///
/// Soundness of `@unchecked`: the pointer never changes after `init`, and the OpenSSL manual
/// (openssl-threads(7)) lets any number of threads read one EVP_PKEY at once. This module only
/// reads it: signing and verifying each use a context of their own, and nothing here sets a
/// parameter of an existing key. A key in a token is used by one thread at a time, under `lock`.
@safe final class EVPKey: @unchecked Sendable {
  let pointer: OpaquePointer
  private let lock: TokenLock?

  /// Takes over a key that the library has just made.
  ///
  /// - Parameter isExclusive: whether only one thread at a time may sign with it.
  init(owning pointer: OpaquePointer, isExclusive: Bool = false) {
    unsafe self.pointer = pointer
    lock = isExclusive ? TokenLock() : nil
  }

  deinit {
    // Also wipes a private key's memory.
    unsafe EVP_PKEY_free(pointer)
  }

  /// Whether only one thread at a time may sign with it.
  var isExclusive: Bool { lock != nil }

  /// Runs what signs.
  func exclusively<T, Failure: Error>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
    guard let lock else { return try body() }
    return try lock.mutex.withLock { _ throws(Failure) in try body() }
  }
}

/// A reference, so that there may be none.
private final class TokenLock: Sendable {
  let mutex = Mutex(())
}

import COpenSSL

/// Owns one `EVP_PKEY`.
///
/// Soundness of `@unchecked`: the pointer never changes after `init`, and the OpenSSL manual
/// (openssl-threads(7)) lets any number of threads read one EVP_PKEY at once. This module only
/// reads it: signing and verifying each use a context of their own, and nothing here sets a
/// parameter of an existing key.
@safe final class EVPKey: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Takes over a key that the library has just made.
  init(owning pointer: OpaquePointer) {
    unsafe self.pointer = pointer
  }

  deinit {
    // Also wipes a private key's memory.
    unsafe EVP_PKEY_free(pointer)
  }
}

import COpenSSL

/// A SHA-256 in progress (FIPS 180-4), fed in pieces of any size.
///
/// The context has one owner and is freed with it. Only making it can fail (no memory, or an
/// `openssl.cnf` that takes the default provider away); a started SHA-256 in software can't.
@safe package struct SHA256: ~Copyable {
  /// Length of a digest in bytes.
  package static let byteCount = 32

  // EVP_MD_CTX_free takes the pointer in `deinit`; nothing else keeps it.
  private let context: OpaquePointer

  package init() throws(OpenSSLError) {
    guard let context = unsafe EVP_MD_CTX_new() else { throw .draining(after: "EVP_MD_CTX_new") }
    guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      unsafe EVP_MD_CTX_free(context)
      throw .draining(after: "EVP_DigestInit_ex")
    }
    unsafe self.context = context
  }

  deinit {
    unsafe EVP_MD_CTX_free(context)
  }

  /// Takes the next bytes of the message in.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, unsafe !bytes.isEmpty else { return }
    let result = unsafe EVP_DigestUpdate(context, base, bytes.count)
    precondition(result == 1, "EVP_DigestUpdate refused bytes for a started SHA-256")
  }

  /// Takes the next bytes of the message in, in one piece if the collection has them so, else from a copy.
  package mutating func update(_ bytes: some Collection<UInt8>) {
    let whole: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      unsafe update(UnsafeRawBufferPointer(buffer))
    }
    if whole == nil {
      unsafe Array(bytes).withUnsafeBytes { buffer in unsafe update(buffer) }
    }
  }

  /// Ends the computation and gives the 32 bytes.
  package consuming func finalize() -> [UInt8] {
    let context = unsafe context
    return unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      let result = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
      precondition(result == 1, "EVP_DigestFinal_ex refused a started SHA-256")
      count = Self.byteCount
    }
  }

  /// The digest of bytes that are already in memory.
  package static func digest(of bytes: some Collection<UInt8>) throws(OpenSSLError) -> [UInt8] {
    var hash = try SHA256()
    hash.update(bytes)
    return hash.finalize()
  }
}

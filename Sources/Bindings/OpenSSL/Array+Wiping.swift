import COpenSSL

extension [UInt8] {
  /// Overwrites the bytes, as a compiler can't leave out.
  ///
  /// Reaches this array alone: copies that were made of it stay.
  package mutating func wipe() {
    unsafe withUnsafeMutableBytes { buffer in
      unsafe OPENSSL_cleanse(buffer.baseAddress, buffer.count)
    }
    removeAll(keepingCapacity: false)
  }
}

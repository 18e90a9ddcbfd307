import COpenSSL

/// Frees a pointer of the library when it goes out of scope.
@safe struct Owned: ~Copyable {
  let pointer: OpaquePointer
  private let free: (OpaquePointer?) -> Void

  /// - Parameter made: what the library's function returned; nil stands for its failure.
  init(
    _ made: OpaquePointer?, by call: String, free: @escaping (OpaquePointer?) -> Void
  ) throws(OpenSSLError) {
    guard let made = unsafe made else { throw .draining(after: call) }
    unsafe self.pointer = made
    unsafe self.free = free
  }

  deinit {
    unsafe free(pointer)
  }
}

/// Bytes as DER, by a function with the form of `i2d_X509`.
func encodedDER(
  call: String, _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt
) throws(OpenSSLError) -> [UInt8] {
  let length = encode(nil)
  guard length > 0 else { throw .draining(after: call) }
  var bytes = [UInt8](repeating: 0, count: Int(length))
  let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
    var position = buffer.baseAddress
    return unsafe encode(&position)
  }
  guard written == length else { throw .draining(after: call) }
  return bytes
}

/// What is made of DER, by a function with the form of `d2i_X509`; nil unless all bytes belong to it.
func decodedDER(
  _ bytes: [UInt8], free: (OpaquePointer?) -> Void,
  _ decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>?, Int) -> OpaquePointer?
) -> OpaquePointer? {
  let made: OpaquePointer? = unsafe bytes.withUnsafeBufferPointer { buffer in
    var position = unsafe UnsafePointer(buffer.baseAddress)
    guard let made = unsafe decode(&position, buffer.count) else { return nil }
    guard unsafe position == buffer.baseAddress.map({ unsafe $0 + buffer.count }) else {
      unsafe free(made)
      return nil
    }
    return unsafe made
  }
  // Why it can't be read is of no use to anybody, and would be blamed on this thread's next call.
  ERR_clear_error()
  return unsafe made
}

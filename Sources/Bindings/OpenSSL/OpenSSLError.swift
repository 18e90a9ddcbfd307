import COpenSSL

/// A call into libcrypto that failed, with everything the library said about it.
package struct OpenSSLError: Error, Sendable, Equatable {
  /// The C function that failed.
  package var call: String
  /// The packed code of the oldest entry of the error queue; 0 if the library left none.
  package var code: UInt
  /// The queue's entries, oldest first, as `ERR_error_string_n` words them.
  package var reasons: [String]

  package init(call: String, code: UInt, reasons: [String]) {
    self.call = call
    self.code = code
    self.reasons = reasons
  }

  /// Empties this thread's error queue into one error.
  ///
  /// The queue is per thread, so this must run beside the call that failed, with no suspension
  /// between them.
  static func draining(after call: String) -> OpenSSLError {
    var code: UInt = 0
    var reasons: [String] = []
    while true {
      let next = ERR_get_error()
      if next == 0 { break }
      if code == 0 { code = next }
      // 256 bytes is the length that ERR_error_string's manual page promises to suffice.
      let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        unsafe ERR_error_string_n(next, buffer.baseAddress, buffer.count)
        return unsafe String(cString: buffer.baseAddress!)
      }
      reasons.append(text)
    }
    return OpenSSLError(call: call, code: code, reasons: reasons)
  }
}

extension OpenSSLError: CustomStringConvertible {
  package var description: String {
    let cause = reasons.isEmpty ? "the library gave no reason" : reasons.joined(separator: "; ")
    return "\(call) failed: \(cause)"
  }
}

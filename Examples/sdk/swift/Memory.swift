// The one place of this module where bytes become pointers.

extension String {
  /// Calls `body` with the text's UTF-8.
  func withBytes<Result>(_ body: (UnsafePointer<CChar>?, UInt32) -> Result) -> Result {
    var text = self
    return text.withUTF8 { bytes in
      body(UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self), UInt32(bytes.count))
    }
  }
}

extension Array where Element == UInt8 {
  /// What `fill` writes, which returns the full length and writes only if that fits: asks again with a larger buffer
  /// until it does.
  static func filled(
    capacity: Int = 256, by fill: (UnsafeMutableRawPointer?, UInt32) -> Int32
  ) throws(HostError) -> [UInt8] {
    var capacity = capacity
    while true {
      var bytes = [UInt8](repeating: 0, count: capacity)
      let length = Int(try check(bytes.withUnsafeMutableBytes { fill($0.baseAddress, UInt32($0.count)) }))
      guard length > capacity else {
        bytes.removeLast(capacity - length)
        return bytes
      }
      capacity = length
    }
  }
}

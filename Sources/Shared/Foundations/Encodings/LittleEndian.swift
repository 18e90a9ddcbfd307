/// Fixed-width integers as the image format has them: the least significant byte first.
package enum LittleEndian {
  /// The bytes of an integer, as many as its type has.
  package static func bytes<Integer: FixedWidthInteger & UnsignedInteger>(_ value: Integer) -> [UInt8] {
    (0..<(Integer.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Integer($0 * 8)) }
  }

  /// Reads an integer.
  ///
  /// - Precondition: `bytes` has exactly the integer's width.
  package static func integer<Integer: FixedWidthInteger & UnsignedInteger>(
    _ type: Integer.Type = Integer.self, from bytes: ArraySlice<UInt8>
  ) -> Integer {
    precondition(bytes.count * 8 == Integer.bitWidth)
    return bytes.reversed().reduce(0) { $0 << 8 | Integer($1) }
  }
}

/// An unsigned LEB128 of at most 32 bits that arrives byte by byte.
struct LEB128 {
  private var value: UInt32 = 0
  private var count = 0

  enum Step: Equatable {
    case more
    case done(UInt32)
    /// More than 5 bytes, or bits beyond the 32nd.
    case overlong
  }

  mutating func push(_ byte: UInt8) -> Step {
    // The fifth byte has room for 4 more bits and no continuation.
    if count == 4 && byte > 0x0F { return .overlong }
    value |= UInt32(byte & 0x7F) << UInt32(count * 7)
    count += 1
    return byte & 0x80 == 0 ? .done(value) : .more
  }
}

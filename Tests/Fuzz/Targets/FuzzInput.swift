/// The bytes of one run of a fuzzer, taken from the front: first choices, then content.
struct FuzzInput {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    self.bytes = bytes[...]
  }

  /// The next byte; 0 when there is none.
  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  mutating func number16() -> Int { Int(byte()) << 8 | Int(byte()) }

  /// All that is left.
  mutating func rest() -> [UInt8] {
    defer { bytes = [] }
    return Array(bytes)
  }
}

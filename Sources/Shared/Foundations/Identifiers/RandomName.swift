/// Eight random bytes that tell one life of something from another, such as a flash from its old copy. As text they
/// are 16 hexadecimal digits, or empty for none.
package enum RandomName {
  /// A new name. It is never 0, which stands for none.
  package static func make() -> UInt64 { UInt64.random(in: 1 ... .max) }

  /// The name's text; empty for 0.
  package static func text(_ number: UInt64) -> String {
    guard number != 0 else { return "" }
    return Hexadecimal.encode((0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
  }

  /// Reads a name's text.
  ///
  /// - Returns: 0 for none, nil if the text is neither empty nor 16 hexadecimal digits.
  package static func number(_ text: String) -> UInt64? {
    if text.isEmpty { return 0 }
    guard text.utf8.count == 16, let bytes = Hexadecimal.decode(text) else { return nil }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}

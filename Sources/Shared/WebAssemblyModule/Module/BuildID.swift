import Foundations

/// Identifies a build of a module: the content of its custom section `build_id`, which survives stripping.
package struct BuildID: Hashable, Sendable, CustomStringConvertible {
  /// From 1 to ``WebAssemblyChecker/buildIDLimitBytes`` bytes.
  package let bytes: [UInt8]

  /// Takes the bytes of an ID; nil if there are none, or more than a module may have.
  package init?(bytes: [UInt8]) {
    guard (1...Int(WebAssemblyChecker.buildIDLimitBytes)).contains(bytes.count) else { return nil }
    self.bytes = bytes
  }

  /// Reads hexadecimal digits in either case.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 2 * Int(WebAssemblyChecker.buildIDLimitBytes), let bytes = Hexadecimal.decode(text) else {
      return nil
    }
    self.init(bytes: bytes)
  }

  /// Lower-case hexadecimal digits.
  package var description: String { Hexadecimal.encode(bytes) }
}

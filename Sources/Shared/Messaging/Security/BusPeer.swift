package import Wire

/// Somebody whose key is known: a process or a person, with a `role` and a name.
package struct BusPeer: Hashable, Sendable, CustomStringConvertible {
  package let role: BusRole

  /// The name of the instance or the person: `registry-1`, `lena`.
  package let name: String

  /// - Parameter name: as ``isName(_:)`` wants it.
  package init(_ role: BusRole, _ name: String) {
    self.role = role
    self.name = name
  }

  /// `operator:lena`, as audits name it.
  package var description: String { "\(role.rawValue):\(name)" }

  /// Whether a text can be a name: 1 to 64 letters, digits, dots, hyphens and underscores of ASCII, the first of them a
  /// letter or a digit.
  package static func isName(_ text: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
  }
}

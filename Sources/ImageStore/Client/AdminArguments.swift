package import Foundations
package import Messaging
import ServiceKit

/// Reads what operators type; what it can't read is an error that says what to type.
package enum AdminArguments {
  /// A digest, or the beginning of one that no other stored image has.
  package static func digest(
    _ text: String, _ client: any RPCCaller, deadline: Duration
  ) async throws -> SHA256Digest {
    if let digest = SHA256Digest(text) { return digest }
    let digits = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    guard digits.utf8.count >= leastDigits, digits.utf8.allSatisfy({ isDigit($0) }) else {
      throw AdminError(
        "'\(text)' is no digest: sha256: and 64 hexadecimal digits, or at least the first \(leastDigits) of them",
        status: .usage)
    }
    let found = try await StoredImageView.digests(client, deadline: deadline).filter {
      $0.description.hasPrefix(prefix + digits.lowercased())
    }
    guard let digest = found.first else {
      throw AdminError(
        "no stored image's digest begins with \(digits): xtblish-image-store list shows what is stored", status: .data)
    }
    guard found.count == 1 else {
      let names = found.prefix(10).map { "  \($0)" }.joined(separator: "\n")
      throw AdminError("\(digits) is the beginning of several digests: give more of it\n\(names)", status: .data)
    }
    return digest
  }

  private static let prefix = "sha256:"
  private static let leastDigits = 4

  private static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  /// Reads what `pull` is to fetch.
  package static func target(_ text: String) throws -> PullTarget {
    guard let target = PullTarget(text) else {
      throw AdminError("'\(text)' is neither a digest nor a device ID, nor DEVICE/VERSION", status: .usage)
    }
    return target
  }
}

/// A secret that says who the client is (RFC 6750). Printing it, or anything that holds it, does not show it.
package struct BearerToken: Sendable, Equatable {
  let text: String

  /// - Returns: nil for what no `Authorization` header may hold; a token has letters, digits and `-._~+/=`.
  package init?(_ text: String) {
    let isToken = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
      default:
        "-._~+/=".utf8.contains(byte)
      }
    }
    guard isToken, !text.isEmpty else { return nil }
    self.text = text
  }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<bearer token>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension BearerToken {
  /// Whether a request to this URL keeps the token secret: over TLS, or within this machine.
  static func mayGo(to url: String) -> Bool {
    let lower = url.lowercased()
    if lower.hasPrefix("https://") { return true }
    guard lower.hasPrefix("http://") else { return false }
    let authority = lower.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    // What stands before an @ is no host, and "http://localhost@elsewhere/" must not pass for one.
    guard !authority.contains("@") else { return false }
    if authority.hasPrefix("[::1]") { return true }
    let host = authority.prefix { $0 != ":" }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return host == "localhost" || (parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil })
  }
}

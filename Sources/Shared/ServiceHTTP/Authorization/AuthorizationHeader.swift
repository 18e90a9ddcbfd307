import Authorization
import Hummingbird
import OpenSSL

/// The secret in a request's `Authorization` header (RFC 6750).
struct AuthorizationHeader: Sendable {
  let presented: PresentedToken
  /// SHA-256 of its text.
  var hash: [UInt8] { presented.hash }

  /// Reads the header of a request; nil if there is none.
  ///
  /// - Throws: `ProblemError` 401 for a header of another form, for example one that was sent twice.
  init?(_ request: Request) throws {
    guard let header = request.headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      (1...PresentedToken.maximumBytes).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy(Self.isTokenByte)
    else {
      throw ProblemError.unauthenticated(
        reason: "invalid-authorization", detail: "the header Authorization must be Bearer and a token", isRefused: true)
    }
    presented = PresentedToken(text: String(parts[1]), hash: try SHA256.digest(of: Array(parts[1].utf8)))
  }

  /// `token68` of RFC 9110, section 11.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~+/=".utf8.contains(byte)
    }
  }
}

package import Authorization
import FoundationEssentials
package import Foundations

/// A token that is to be made, with a `name` that ``valid(name:)`` lets through, and one scope or more (`scopes`).
package struct NewToken: Sendable, Equatable {
  package let name: String
  package let scopes: [AccessScope]
  /// For how long it works; nil: until it is revoked.
  package let lifetime: Duration?

  /// The most characters of a name.
  package static let maximumNameLength = 63
  /// What ``valid(name:)`` lets through, as a regular expression (ECMA 262) for the OpenAPI description.
  package static let namePattern = "^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
  private static let scopeNames = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
  /// The longest ``lifetime`` that can be asked for: ten years.
  package static let longestLifetime = Duration.seconds(3_650 * 86_400)

  /// - Parameters:
  ///   - scopes: by their names; the highest one counts, as it includes the others.
  ///   - lifetimeSeconds: 0: it does not expire.
  package init(name: String, scopes: [String], lifetimeSeconds: UInt64) throws(RequestFailure) {
    self.name = try Self.valid(name: name)
    guard !scopes.isEmpty else {
      throw RequestFailure(field: "scope", "is missing: give \(Self.scopeNames)")
    }
    guard scopes.count <= AccessScope.allCases.count else {
      throw RequestFailure(field: "scope", "has \(scopes.count) entries: give each at most once")
    }
    var known: Set<AccessScope> = []
    for scope in scopes {
      guard let scope = AccessScope(rawValue: scope) else {
        throw RequestFailure(field: "scope", "is none of \(Self.scopeNames)")
      }
      known.insert(scope)
    }
    self.scopes = known.sorted()
    guard lifetimeSeconds <= UInt64(Self.longestLifetime.components.seconds) else {
      throw RequestFailure(
        field: "lifetime", "is longer than ten years: leave it away for a token that does not expire")
    }
    lifetime = lifetimeSeconds == 0 ? nil : .seconds(Int64(lifetimeSeconds))
  }

  /// A name of the right form, which is narrow because names stand in the audit log, in paths and in file names.
  ///
  /// - Throws: `invalid` for any other.
  package static func valid(name: String) throws(RequestFailure) -> String {
    let bytes = Array(name.utf8)
    guard (1...maximumNameLength).contains(bytes.count), let first = bytes.first, let last = bytes.last,
      isAlphanumeric(first), isAlphanumeric(last),
      bytes.allSatisfy({ isAlphanumeric($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0) })
    else {
      throw RequestFailure(
        field: "name",
        "is not 1 to \(maximumNameLength) lower-case letters, digits, dots, dashes and underscores "
          + "that begin and end with a letter or digit")
    }
    return name
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

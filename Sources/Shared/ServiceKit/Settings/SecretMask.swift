/// Takes secrets out of text that people and logs will see.
package enum SecretMask {
  /// What is shown in the place of a secret.
  package static let mask = "***"

  /// The text with the passwords of all URLs in it masked, in the authority and in the query.
  ///
  /// It hides too much rather than too little: whatever stands between the first colon and the last `@` of a URL is
  /// taken for a password, also when slashes make the URL an invalid one.
  package static func masking(_ text: String) -> String {
    var result = ""
    // A comma separates the URLs of a list; one inside a password only ends the masking after the `@` is looked for.
    for (index, part) in splitURLs(text).enumerated() {
      if index > 0 { result += "," }
      result += maskingParameters(maskingAuthority(String(part)))
    }
    return result
  }

  /// Splits at commas that are followed by another URL.
  private static func splitURLs(_ text: String) -> [Substring] {
    var parts: [Substring] = []
    var start = text.startIndex
    var position = start
    while let comma = text[position...].firstIndex(of: ",") {
      let next = text.index(after: comma)
      let rest = text[next...].drop { $0 == " " }
      let scheme = rest.prefix { $0.isLetter || $0 == "+" || $0.isNumber }
      if !scheme.isEmpty, rest.dropFirst(scheme.count).hasPrefix("://") {
        parts.append(text[start..<comma])
        start = next
      }
      position = next
    }
    parts.append(text[start...])
    return parts
  }

  private static func maskingAuthority(_ text: String) -> String {
    var authorityStart = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].hasPrefix("://") {
        authorityStart = text.index(index, offsetBy: 3)
        break
      }
      index = text.index(after: index)
    }
    guard authorityStart > text.startIndex, let at = text.lastIndex(of: "@"), at >= authorityStart,
      let colon = text[authorityStart..<at].firstIndex(of: ":")
    else { return text }
    return text[...colon] + mask + text[at...]
  }

  /// Masks the values of `password=`, `token=` and their like, in a query or in libpq's own `key=value` form.
  private static func maskingParameters(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let equals = rest.firstIndex(of: "=") {
      let name = rest[..<equals].reversed().prefix { $0.isLetter || $0 == "_" || $0 == "-" }.reversed()
      result += rest[...equals]
      rest = rest[rest.index(after: equals)...]
      let lowercased = String(name).lowercased()
      if secretNames.contains(where: lowercased.hasSuffix) {
        result += mask
        rest = maskedRest(rest)
      }
    }
    return result + rest
  }

  /// What follows the value at the start of `text`; a quoted one may hold spaces.
  private static func maskedRest(_ text: Substring) -> Substring {
    if text.first == "'" {
      guard let end = text.dropFirst().firstIndex(of: "'") else { return "" }
      return text[text.index(after: end)...]
    }
    return text.drop { !"&# ".contains($0) }
  }

  private static let secretNames = ["password", "passwd", "secret", "token", "apikey", "api_key"]
}

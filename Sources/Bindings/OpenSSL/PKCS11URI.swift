/// Where a key is in a PKCS#11 token (RFC 7512), such as
/// `pkcs11:token=xtblish;object=root?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin`.
package struct PKCS11URI: Sendable, Hashable, CustomStringConvertible {
  /// The URI as it was given: it names the key and holds no secret.
  package let description: String
  /// The part that names the key, for the engine.
  let key: String
  /// The library that speaks to the token; nil for the system's (p11-kit).
  let modulePath: String?
  /// The file that the PIN is in (`pin-source`); nil: the URI names none.
  package let pinFile: String?

  package init(_ text: String) throws(CertificateError) {
    guard text.hasPrefix("pkcs11:"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .token("this is not a PKCS#11 URI such as pkcs11:token=NAME;object=NAME?module-path=FILE&pin-source=FILE")
    }
    let parts = text.split(separator: "?", maxSplits: 1)
    var module: String?
    var pin: String?
    for attribute in parts.count == 2 ? parts[1].split(separator: "&") : [] {
      let pair = attribute.split(separator: "=", maxSplits: 1)
      let value = pair.count == 2 ? String(pair[1]) : ""
      switch pair[0] {
      case "module-path": module = value
      case "pin-source": pin = value.hasPrefix("file:") ? String(value.dropFirst(5)) : value
      case "pin-value":
        throw .token("the PKCS#11 URI holds the PIN itself, which all users of the machine could read: use pin-source")
      default: break
      }
    }
    description = text
    key = String(parts[0])
    modulePath = module
    pinFile = pin
  }
}

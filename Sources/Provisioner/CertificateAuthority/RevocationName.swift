import Foundations
package import OpenSSL

/// What a list that is about a few certificates alone calls each of them: every device's certificate has it as its
/// distribution point. Nothing is to be fetched there.
package enum RevocationName {
  /// The name of the certificate with that serial number.
  package static func of(serialNumber: [UInt8]) -> AlternativeName {
    .uri("urn:xtblish:certificate:\(Hexadecimal.encode(serialNumber))")
  }
}

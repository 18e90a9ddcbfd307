package import Foundations
import OpenSSL

/// Whom a certificate names, and so what its owner may do.
package enum CertificateOwner: Sendable, Hashable {
  case device(DeviceID)
  /// An instance of a service, by its name, with its role and the hosts that it answers as.
  case service(name: String, role: ServiceRole, hosts: [CertificateHost])
  case `operator`(String)

  /// What a service is to others.
  package enum ServiceRole: String, CaseIterable, Sendable {
    case registry
    case provisioner
    case imageStore = "image-store"
    case notifier
    case broker
  }

  var commonName: String {
    switch self {
    case .device(let id): id.description
    case .service(let name, _, _): name
    case .operator(let name): "operator-\(name)"
    }
  }

  /// The URI that the certificate names its owner by. The role is read from it, never from the common name.
  package var uri: String {
    switch self {
    case .device(let id): "urn:xtblish:device:\(id)"
    case .service(_, let role, _): "urn:xtblish:service:\(role.rawValue)"
    case .operator(let name): "urn:xtblish:operator:\(name)"
    }
  }

  var alternativeNames: [AlternativeName] {
    if case .service(_, _, let hosts) = self { [.uri(uri)] + hosts.map(\.alternativeName) } else { [.uri(uri)] }
  }

  var usages: Set<CertificateTemplate.Usage> {
    if case .service = self { [.client, .server] } else { [.client] }
  }

  /// Whether a text may name a service or an operator: 1 to 48 of `a-z`, `0-9`, `-` and `_`, a letter or digit first.
  package static func isName(_ text: String) -> Bool {
    guard (1...48).contains(text.utf8.count), let first = text.utf8.first, isLetterOrDigit(first) else { return false }
    return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

package import Foundations

/// Who a client is, by the certificate that it showed and that was verified.
package enum PeerIdentity: Hashable, Sendable {
  /// A device, by its ID.
  case device(DeviceID)
  /// A service, by its role: `registry`.
  case service(String)
  /// A person, by name.
  case `operator`(String)

  static let scheme = "urn:xtblish:"

  /// Reads the name that a certificate has among its subject's alternative names, for example `urn:xtblish:device:<uuid>`.
  /// Nil for what is written in any other way.
  package init?(uri: String) {
    guard uri.hasPrefix(Self.scheme) else { return nil }
    let parts = uri.dropFirst(Self.scheme.count).split(
      separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "device":
      // In one spelling only, so that no two texts name one device.
      guard let id = DeviceID(parts[1]), id.description == parts[1] else { return nil }
      self = .device(id)
    case "service" where Self.isPlain(parts[1]): self = .service(String(parts[1]))
    case "operator" where Self.isPlain(parts[1]): self = .operator(String(parts[1]))
    default: return nil
    }
  }

  private static func isPlain(_ name: Substring) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}

extension PeerIdentity: CustomStringConvertible {
  /// The text for the audit log: `device:<uuid>`.
  package var description: String {
    switch self {
    case .device(let id): "device:\(id)"
    case .service(let role): "service:\(role)"
    case .operator(let name): "operator:\(name)"
    }
  }
}

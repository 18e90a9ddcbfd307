import Glibc
import OpenSSL

/// A host that a service's certificate is good for.
package enum CertificateHost: Sendable, Hashable {
  case dns(String)
  /// 4 or 16 bytes.
  case ip([UInt8])

  /// A host name such as `registry.example` or `*.example`; nil if the text is none.
  package init?(dns text: String) {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    let isName =
      text.utf8.count <= 253
      && labels.enumerated().allSatisfy { index, label in
        (label == "*" && index == 0 && labels.count > 1)
          || (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { byte in
              byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || Unicode.Scalar(byte).properties.isASCIIHexDigit || Unicode.Scalar(byte).properties.isAlphabetic
            }
      }
    guard isName, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    self = .dns(text)
  }

  /// An IPv4 or IPv6 address; nil if the text is none.
  package init?(ip text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self = .ip(withUnsafeBytes(of: &four) { Array($0) })
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      self = .ip(withUnsafeBytes(of: &six) { Array($0) })
    } else {
      return nil
    }
  }

  var alternativeName: AlternativeName {
    switch self {
    case .dns(let name): .dns(name)
    case .ip(let bytes): .ip(bytes)
    }
  }
}

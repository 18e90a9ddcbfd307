import Foundations

/// A claim as its text says it: a secret, and by which root the Provisioner that made it can be known.
package struct EnrolmentClaim: Sendable {
  static let fingerprintByteCount = 16

  /// The whole text, which the Provisioner is given.
  let text: String
  /// The first 16 bytes of the SHA-256 of the root's DER; nil if the claim does not say.
  let fingerprint: [UInt8]?

  package init(_ text: String) {
    self.text = text
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.count > 1 ? parts.last.flatMap { Hexadecimal.decode($0) } : nil
    fingerprint = bytes.flatMap { $0.count == Self.fingerprintByteCount ? $0 : nil }
  }
}

extension EnrolmentClaim: CustomStringConvertible, CustomReflectable {
  package var description: String { "<claim>" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

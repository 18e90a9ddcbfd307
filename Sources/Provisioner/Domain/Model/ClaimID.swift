import FoundationEssentials
package import Foundations

/// What a claim is called: a UUID. It is no secret; the token is.
package struct ClaimID: Hashable, Sendable, CustomStringConvertible {
  /// The 16 bytes of the UUID.
  package let bytes: [UInt8]

  /// An ID that no claim has.
  package static func random() -> ClaimID {
    withUnsafeBytes(of: UUID().uuid) { ClaimID(checked: Array($0)) }
  }

  private init(checked bytes: [UInt8]) {
    self.bytes = bytes
  }

  package init(bytes: some Collection<UInt8>) throws(RequestFailure) {
    guard bytes.count == 16 else {
      throw RequestFailure(field: "id", "has \(bytes.count) bytes: a claim's ID has 16")
    }
    self.bytes = Array(bytes)
  }

  package init(_ text: String) throws(RequestFailure) {
    guard text.utf8.count == 36, let uuid = UUID(uuidString: text) else {
      throw RequestFailure(field: "id", "is not a UUID: claims are named like 8c5c1a52-3f6e-4b7e-9d0a-1f2e3d4c5b6a")
    }
    bytes = withUnsafeBytes(of: uuid.uuid) { Array($0) }
  }

  /// What names of the claim's devices begin with where nobody says otherwise: `device-` and the first eight digits of
  /// the ID. Each claim counts its devices from 1, so those of two claims must differ in what is before the number.
  package var namePrefix: String { "\(EnrolmentFieldRules.usualNamePrefix)-\(description.prefix(8))" }

  package var description: String {
    let digits = bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
    let lengths = [8, 4, 4, 4, 12]
    var rest = digits[...]
    return lengths.map { length in
      defer { rest = rest.dropFirst(length) }
      return String(rest.prefix(length))
    }.joined(separator: "-")
  }
}

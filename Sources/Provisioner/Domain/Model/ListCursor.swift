import FoundationEssentials
package import Foundations

/// A position in a list, newest first. Opaque to clients.
package struct ListCursor: Sendable, Equatable {
  /// When the last entry before it was made: microseconds since 1970, as exact as the database's.
  package var createdAtMicroseconds: Int64
  /// The bytes of that entry's UUID.
  package var id: [UInt8]

  /// The year 10000, well within what PostgreSQL can compare with.
  private static let endMicroseconds: UInt64 = 253_402_300_800_000_000

  /// The length of the text: 24 bytes in base64.
  package static let textLength = 32

  package init(createdAtMicroseconds: Int64, id: [UInt8]) {
    self.createdAtMicroseconds = createdAtMicroseconds
    self.id = id
  }

  package init(_ text: String) throws(RequestFailure) {
    let refusal = RequestFailure(
      field: "cursor", "is none that this list gave out: leave it away to start from the beginning")
    guard text.utf8.count == Self.textLength, !text.contains("+"), !text.contains("/"),
      let bytes = Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/")), bytes.count == 24
    else { throw refusal }
    let microseconds = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard microseconds < Self.endMicroseconds else { throw refusal }
    self.init(
      createdAtMicroseconds: Int64(bitPattern: microseconds), id: Array(bytes.dropFirst(8)))
  }

  /// The cursor as clients get it: base64url.
  package var text: String {
    let microseconds = UInt64(bitPattern: createdAtMicroseconds)
    let time = (0..<8).map { UInt8(truncatingIfNeeded: microseconds >> (56 - 8 * $0)) }
    return Data(time + id).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
  }
}

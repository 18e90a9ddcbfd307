package import FirmwareImage
package import Wire

/// A position in the list of devices, which is ordered by name and ID. Opaque to clients.
///
/// It holds the place itself and not a row, so it stays valid when that device is renamed or deleted: the bytes of the
/// ID and of the name, in hexadecimal digits.
package struct DeviceCursor: Sendable, Equatable {
  package var name: String
  package var id: DeviceID

  /// An ID, and a name of at most four bytes for each of its characters.
  package static let maximumLength = 2 * (DeviceID.byteCount + 4 * FieldRules.nameLength)

  /// What every position looks like, and nothing else: the ID, then a name in UTF-8 (table 3-7 of the Unicode
  /// standard) without control characters.
  package static let pattern: String = {
    let next = "[89ab][0-9a-f]"
    let characters = [
      "[2-6][0-9a-f]", "7[0-9a-e]", "c2[ab][0-9a-f]", "(c[3-9a-f]|d[0-9a-f])\(next)", "e0[ab][0-9a-f]\(next)",
      "e[1-9a-cef](\(next)){2}", "ed[89][0-9a-f]\(next)", "f0[9ab][0-9a-f](\(next)){2}", "f[1-3](\(next)){3}",
      "f48[0-9a-f](\(next)){2}",
    ]
    return "^[0-9a-f]{32}(\(characters.joined(separator: "|"))){1,\(FieldRules.nameLength)}$"
  }()

  package init(name: String, id: DeviceID) {
    self.name = name
    self.id = id
  }

  package init(_ text: String) throws(WireFailure) {
    guard
      text.utf8.count <= Self.maximumLength, let bytes = Self.decode(text),
      let id = DeviceID(bytes: bytes.prefix(DeviceID.byteCount)),
      let name = String(validating: bytes.dropFirst(DeviceID.byteCount), as: UTF8.self),
      // A name may be older than the rule for new ones.
      (try? FieldRules.reference(name)) != nil
    else {
      throw .invalidField("cursor", "is none that this list gave out: leave it away to start from the beginning")
    }
    self.init(name: name, id: id)
  }

  package var text: String {
    let digits = Array("0123456789abcdef".utf8)
    let bytes = id.bytes + Array(name.utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
  }

  private static func decode(_ text: String) -> [UInt8]? {
    let digits = text.utf8.map { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
      default: nil
      }
    }
    guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
  }
}

import FirmwareImage
package import Foundations

/// A position in the list of devices, which is ordered by `name` and `id`. Opaque to clients.
///
/// It holds the place itself and not a row, so it stays valid when that device is renamed or deleted: the bytes of
/// the ID and of the name, in hexadecimal digits.
package struct DeviceCursor: Sendable, Equatable {
  package var name: String
  package var id: DeviceID

  /// The most characters of `text`: an ID, and a name of at most four bytes for each of its characters.
  package static let maximumLength = 2 * (DeviceID.byteCount + 4 * FieldRules.nameLength)

  /// A regular expression (ECMA 262) for the OpenAPI description that every position matches, and nothing else: the
  /// ID, then a name in UTF-8 (table 3-7 of the Unicode standard) without control characters.
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

  /// Reads what ``text`` gave.
  ///
  /// - Throws: `invalid` for anything that no list gives out.
  package init(_ text: String) throws(RequestFailure) {
    guard
      text.utf8.count <= Self.maximumLength, let bytes = Hexadecimal.decode(text),
      // In one way: in lower case.
      Hexadecimal.encode(bytes).utf8.elementsEqual(text.utf8),
      let id = DeviceID(bytes: bytes.prefix(DeviceID.byteCount)),
      let name = String(validating: bytes.dropFirst(DeviceID.byteCount), as: UTF8.self),
      // A name may be older than the rule for new ones.
      (try? FieldRules.reference(name)) != nil
    else {
      throw RequestFailure(
        field: "cursor", "is none that this list gave out: leave it away to start from the beginning")
    }
    self.init(name: name, id: id)
  }

  /// What clients are given and send back.
  package var text: String { Hexadecimal.encode(id.bytes + Array(name.utf8)) }
}

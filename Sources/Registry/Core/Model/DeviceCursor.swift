package import FirmwareImage
import FoundationEssentials
package import Wire

/// A position in the list of devices, which is ordered by name and ID. Opaque to clients.
///
/// It holds the place itself and not a row, so it stays valid when that device is renamed or deleted.
package struct DeviceCursor: Sendable, Equatable {
  package var name: String
  package var id: DeviceID

  /// Distinguishes this form from any later one.
  private static let form: UInt8 = 1
  /// Form, ID, and a name of at most four bytes for each of its characters, in base64.
  package static let maximumLength = (1 + 16 + 4 * FieldRules.nameLength + 2) / 3 * 4

  package init(name: String, id: DeviceID) {
    self.name = name
    self.id = id
  }

  package init(_ text: String) throws(WireFailure) {
    guard
      text.utf8.count <= Self.maximumLength,
      let data = Self.decodeBase64URL(text), data.count >= 17, data[0] == Self.form,
      let id = DeviceID(bytes: data[1..<17]),
      let name = String(validating: data[17...], as: UTF8.self),
      (try? FieldRules.name(name)) != nil
    else {
      throw .invalidField("cursor", "is none that this list gave out: leave it away to start from the beginning")
    }
    self.init(name: name, id: id)
    // Two texts for one position would make caches and comparisons of cursors lie.
    guard self.text == text else {
      throw .invalidField("cursor", "is none that this list gave out: leave it away to start from the beginning")
    }
  }

  package var text: String {
    let bytes = [Self.form] + id.bytes + Array(name.utf8)
    return Data(bytes).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private static func decodeBase64URL(_ text: String) -> [UInt8]? {
    guard !text.contains("+"), !text.contains("/") else { return nil }
    let standard = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
    return Data(base64Encoded: standard + padding).map(Array.init)
  }
}

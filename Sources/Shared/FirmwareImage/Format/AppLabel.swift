import Foundations

/// An app's name or version in an image: at most 32 bytes of UTF-8, zero padded.
///
/// Control characters are refused: labels are shown in terminals and logs.
package struct AppLabel: Hashable, Sendable {
  /// Length of the field in the image.
  package static let byteCount = 32
  /// The label of an app without one: 32 zero bytes.
  package static let empty = AppLabel(unpadded: [])

  /// The UTF-8 bytes, without padding. Compared as bytes: two spellings of one letter differ here
  /// as they do in the image.
  private let unpadded: [UInt8]

  private init(unpadded: [UInt8]) {
    self.unpadded = unpadded
  }

  /// Makes a label of a text.
  ///
  /// - Parameter field: what an error names.
  package init(_ text: String, field: ImageField = .appName) throws(ImageFormatError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.byteCount else {
      throw .invalidLabel(field, "it has \(bytes.count) bytes of UTF-8, and at most \(Self.byteCount) fit")
    }
    guard !text.unicodeScalars.contains(where: \.isControl) else {
      throw .invalidLabel(field, "it has a control character")
    }
    unpadded = bytes
  }

  /// A label for an app that is described now, by the rule for all names (``NameText``). Images that exist already
  /// may hold labels older than that rule.
  package static func naming(_ text: String, field: ImageField = .appName) throws(ImageFormatError) -> AppLabel {
    let label = try AppLabel(text, field: field)
    if let problem = NameText.problem(text) { throw .invalidLabel(field, "it \(problem)") }
    return label
  }

  /// - Precondition: 32 bytes.
  init(decoding bytes: ArraySlice<UInt8>, field: ImageField) throws(ImageFormatError) {
    precondition(bytes.count == Self.byteCount)
    let unpadded = bytes.prefix { $0 != 0 }
    guard bytes.dropFirst(unpadded.count).allSatisfy({ $0 == 0 }) else {
      throw .invalidLabel(field, "it goes on after its zero padding")
    }
    guard let text = String(validating: unpadded, as: UTF8.self) else {
      throw .invalidLabel(field, "it is not UTF-8")
    }
    try self.init(text, field: field)
  }

  /// The label without its padding.
  package var text: String { String(decoding: unpadded, as: UTF8.self) }

  var encoded: [UInt8] {
    unpadded + [UInt8](repeating: 0, count: Self.byteCount - unpadded.count)
  }
}

extension AppLabel: CustomStringConvertible {
  package var description: String { text }
}

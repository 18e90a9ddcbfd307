import DeviceProtocol
import FirmwareImage
package import Foundations

/// The bounds of the fields that people or other programs fill in, within what `FieldText` takes, and the checks of
/// them.
///
/// Lengths are in characters: of a device's name (`nameLength`), of a tag (`tagLength`) and of a board's serial
/// number (`serialLength`). A device has at most `tagCount` tags. A list answers `defaultPageSize` entries at once
/// unless its client asks for more, up to `maximumPageSize`. Each check throws `invalid` with the name of the field.
package enum FieldRules {
  package static let nameLength = 128
  package static let tagLength = 64
  package static let tagCount = 32
  package static let serialLength = DeviceLimit.serialCharacters.value
  /// Characters of an idempotency key.
  static let idempotencyKeyLength = 255
  /// Characters of a device's own words on why it did something; longer texts are cut.
  package static let reasonLength = 512
  /// Characters of an operator's words on why a device goes out of service. The Provisioner takes no more.
  package static let decommissioningReasonLength = 200
  package static let defaultPageSize = 50
  package static let maximumPageSize = 500

  /// What `FieldText.printable` lets through, as a regular expression (ECMA 262) for the OpenAPI description.
  package static let printablePattern = #"^[^\u0000-\u001f\u007f-\u009f]*$"#

  /// A device's ID in a path or an option, written as a UUID.
  package static func deviceID(_ text: String) throws(RequestFailure) -> DeviceID {
    guard let id = DeviceID(text) else {
      throw RequestFailure(field: "id", "is not a UUID such as 7d444840-9dc0-11d1-b245-5ffdce74fad2")
    }
    return id
  }

  /// A device's name: 1 to `nameLength` characters, none of them invisible.
  package static func name(_ text: String) throws(RequestFailure) -> String {
    try FieldText.visible(text, field: "name", length: 1...nameLength)
  }

  /// The serial number of a device's board, or an empty text for none.
  package static func serial(_ text: String) throws(RequestFailure) -> String {
    try FieldText.visible(text, field: "serial", length: 0...serialLength)
  }

  /// The serial number of a device that an operator makes. Placeholders such as `To be filled by O.E.M.` are refused;
  /// devices that enrolled before they were keep what they have.
  package static func newSerial(_ text: String) throws(RequestFailure) -> String {
    let serial = try serial(text)
    guard serial.isEmpty || !SerialPlaceholder.contains(serial) else {
      throw RequestFailure(
        .invalid, reason: "serial-placeholder",
        message: "\(serial) is what makers leave where a serial number should be, and other boards have it too: "
          + "leave the serial number out, or give the board's own")
    }
    return serial
  }

  /// A tag to look for, which may be older than the rule for new ones.
  package static func tag(_ text: String) throws(RequestFailure) -> String {
    try FieldText.printable(text, field: "tag", length: 1...tagLength)
  }

  /// - Returns: the tags without doubles, sorted.
  package static func tags(_ tags: [String]) throws(RequestFailure) -> [String] {
    try FieldText.tags(tags, count: tagCount, length: 1...tagLength)
  }

  /// The beginning of a device's name, to look for; empty for all.
  package static func namePrefix(_ text: String) throws(RequestFailure) -> String {
    try FieldText.printable(text, field: "name-prefix", length: 0...nameLength)
  }

  /// What a person names a device by: an ID, a name, or the beginning of either.
  package static func reference(_ text: String) throws(RequestFailure) -> String {
    try FieldText.printable(text, field: "reference", length: 1...nameLength)
  }

  /// A text to look for in a device's log; empty for all lines.
  package static func searchText(_ text: String, maximumLength: Int) throws(RequestFailure) -> String {
    try FieldText.printable(text, field: "text", length: 0...maximumLength)
  }

  /// The key by which the repetition of a request is told: of 1 to 255 printable characters, chosen by the client.
  package static func idempotencyKey(_ text: String) throws(RequestFailure) -> String {
    try FieldText.printable(text, field: "idempotency-key", length: 1...idempotencyKeyLength)
  }

  /// How many entries of a list to answer at once.
  ///
  /// - Parameter requested: what the client asked for; 0 stands for `default`.
  package static func pageSize(
    _ requested: UInt32, default: Int = defaultPageSize, maximum: Int = maximumPageSize
  ) throws(RequestFailure) -> Int {
    if requested == 0 { return `default` }
    guard requested <= UInt32(maximum) else {
      throw RequestFailure(field: "page-size", "is \(requested): at most \(maximum) are answered at once")
    }
    return Int(requested)
  }

  /// A device's words, made fit to be stored and shown (it can't be asked to phrase them better): what is a control
  /// character is replaced, and what is beyond ``reasonLength`` is cut.
  package static func sanitizedReason(_ text: String) -> String {
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(reasonLength) {
      clean.append(scalar.isControl ? "\u{FFFD}" : scalar)
    }
    return String(clean)
  }

  /// A device's longer words, made fit to be stored and shown in one line: control characters and line breaks are
  /// replaced.
  ///
  /// - Parameter maximumBytes: of UTF-8; text that is cut ends in "…", within them.
  package static func sanitized(_ text: String, maximumBytes: Int) -> String {
    var clean = String.UnicodeScalarView()
    var size = 0
    for scalar in text.unicodeScalars {
      let shown: Unicode.Scalar = scalar.isControl || isLineBreak(scalar) ? "\u{FFFD}" : scalar
      size += UTF8.width(shown)
      if size > maximumBytes {
        // Room for the ellipsis.
        while let last = clean.last, size - UTF8.width(shown) + 3 > maximumBytes {
          size -= UTF8.width(last)
          clean.removeLast()
        }
        clean.append("…")
        break
      }
      clean.append(shown)
    }
    return String(clean)
  }

  /// Characters that are no controls and yet end a line.
  private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == 0x2028 || scalar.value == 0x2029
  }
}

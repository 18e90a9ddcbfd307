import DeviceProtocol
package import Foundations

/// The bounds of fields that people or other programs fill in, within what `FieldText` takes. A device's name and tags
/// become the Registry's, so they are within its bounds.
package enum EnrolmentFieldRules {
  /// How many devices a claim may let in.
  package static let counts = 1...1_000_000
  /// How long a claim may be good, in seconds: up to ten years of 366 days.
  package static let lifetimesSeconds = 1...316_224_000
  /// The longest name of a product, in characters as `FieldText` counts them; so are the other lengths here.
  package static let productLength = 64
  /// The longest name of a group; it becomes a tag of the device: "group:" and this.
  package static let groupLength = 58
  /// The longest tag.
  package static let tagLength = 64
  /// The most tags of one device, with that of its group.
  package static let tagCount = 32
  /// The longest prefix of devices' names; leaves room for a hyphen and the highest number within the 128 characters
  /// of a name.
  package static let namePrefixLength = 100
  /// The longest serial number, in characters of ASCII.
  package static let serialLength = DeviceLimit.serialCharacters.value
  /// The most serial numbers of one claim; more devices are better registered beforehand.
  package static let serialCount = 1000
  /// The longest prefix of names that end in a serial number; leaves room for a hyphen and that.
  package static let serialNamePrefixLength = 60
  /// The longest name of a device.
  static let nameLength = 128
  /// The longest token that is looked at, in bytes: far more than one has; longer ones are not hashed.
  package static let tokenLength = 256
  /// The entries on a page of a list if nobody says how many.
  package static let defaultPageSize = 50
  /// The most entries on a page of a list.
  package static let maximumPageSize = 500

  /// The characters of a serial number: printable ASCII without the space, as they are printed on labels.
  package static let serialPattern = "^[!-~]+$"

  /// Checks that a whole number is within bounds.
  package static func number(_ value: UInt64, _ range: ClosedRange<Int>, field: String) throws(RequestFailure) -> Int {
    guard let number = Int(exactly: value), range.contains(number) else {
      throw RequestFailure(
        field: field, "is \(value): give a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Checks tags.
  ///
  /// - Returns: the tags without doubles, in the order of their UTF-8.
  package static func tags(_ tags: [String]) throws(RequestFailure) -> [String] {
    try FieldText.tags(tags, count: tagCount, length: 1...tagLength)
  }

  /// Checks a serial number to look for. One that a maker left as a placeholder may have enrolled before those were
  /// refused.
  package static func serial(_ text: String) throws(RequestFailure) -> String {
    guard (1...serialLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      if (1...serialLength).contains(text.utf8.count), SerialPlaceholder.contains(text), isPlain(text) {
        throw .serialPlaceholder(text)
      }
      throw RequestFailure(
        field: "serial", "is not a serial number: give 1 to \(serialLength) printable ASCII characters without spaces")
    }
    return text
  }

  /// The serial number of a device that is to come: none of those that makers leave as placeholders.
  static func newSerial(_ text: String) throws(RequestFailure) -> String {
    let text = try serial(text)
    guard !SerialPlaceholder.contains(text) else { throw .serialPlaceholder(text) }
    return text
  }

  /// Checks serial numbers of devices that are to come.
  ///
  /// - Returns: the serial numbers without doubles, sorted.
  package static func serials(_ serials: [String]) throws(RequestFailure) -> [String] {
    guard serials.count <= serialCount else {
      throw RequestFailure(field: "serials", "has \(serials.count) entries: at most \(serialCount) are allowed")
    }
    var valid: Set<String> = []
    for text in serials { valid.insert(try newSerial(text)) }
    return valid.sorted()
  }

  /// What names of devices begin with where nobody says otherwise.
  package static let usualNamePrefix = "device"

  /// Checks what names of devices begin with; empty if nobody says.
  package static func namePrefix(_ text: String, length: Int) throws(RequestFailure) -> String {
    try FieldText.visible(text, field: "name-prefix", length: 0...length)
  }

  /// Checks that there are as many bytes as SHA-256 of a public key has.
  package static func keyHash(_ bytes: some Collection<UInt8>) throws(RequestFailure) -> [UInt8] {
    guard bytes.count == 32 else {
      throw RequestFailure(
        field: "public-key-hash", "has \(bytes.count) bytes: give SHA-256 of the SubjectPublicKeyInfo in DER, 32 bytes")
    }
    return Array(bytes)
  }

  /// Checks how many entries a page is to have.
  ///
  /// - Parameter requested: 0 stands for the usual size.
  package static func pageSize(_ requested: UInt32) throws(RequestFailure) -> Int {
    if requested == 0 { return defaultPageSize }
    return try number(UInt64(requested), 1...maximumPageSize, field: "page-size")
  }

  /// Whether the text is printable ASCII, with more than spaces.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && text.utf8.contains { $0 != 0x20 }
  }
}

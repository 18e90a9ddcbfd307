import Foundations
import Wire

/// What may be stored in a field that people or other programs fill in.
///
/// Lengths count Unicode scalars, as `maxLength` in JSON Schema does. Control characters are
/// refused: PostgreSQL takes no NUL, and the rest would garble terminals and logs. A device's name
/// and tags become the Registry's, so they are within its bounds.
enum FieldRules {
  static let counts = 1...1_000_000
  /// Seconds: up to ten years of 366 days.
  static let lifetimesSeconds = 1...316_224_000
  static let productLength = 64
  /// Becomes a tag of the device: "group:" and this.
  static let groupLength = 58
  static let tagLength = 64
  static let tagCount = 32
  /// Leaves room for a hyphen and the highest number within the 128 characters of a device's name.
  static let namePrefixLength = 100
  static let serialLength = 64
  /// Of one claim; more devices are better registered beforehand.
  static let serialCount = 1000
  /// Leaves room for a hyphen and a serial number.
  static let serialNamePrefixLength = 60
  static let nameLength = 128
  /// Far more than a token has; longer ones are not hashed.
  static let tokenLength = 256
  static let defaultPageSize = 50
  static let maximumPageSize = 500

  /// Printable ASCII without the space, as serial numbers are printed on labels.
  static let serialPattern = "^[!-~]+$"

  static func number(_ value: UInt64, _ range: ClosedRange<Int>, field: String) throws(WireFailure) -> Int {
    guard let number = Int(exactly: value), range.contains(number) else {
      throw .invalidField(
        field, "is \(value): give a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A name of something: printable, and all of it to be seen.
  static func visible(
    _ text: String, field: String, length: ClosedRange<Int>
  ) throws(WireFailure) -> String {
    let name = try printable(text, field: field, length: length)
    if let problem = NameText.problem(name) { throw .invalidField(field, problem) }
    return name
  }

  static func printable(
    _ text: String, field: String, length: ClosedRange<Int>
  ) throws(WireFailure) -> String {
    // A hostile text of many megabytes is told by its bytes alone, without walking it.
    guard text.utf8.count <= 4 * length.upperBound, text.unicodeScalars.count <= length.upperBound else {
      throw .invalidField(field, "is too long: at most \(length.upperBound) characters are allowed")
    }
    guard text.unicodeScalars.count >= length.lowerBound else {
      throw .invalidField(field, "is empty: give at least \(length.lowerBound) character")
    }
    guard !text.unicodeScalars.contains(where: isControl) else {
      throw .invalidField(field, "contains a control character: remove it")
    }
    return text
  }

  /// - Returns: the tags without doubles, in the order of their UTF-8.
  static func tags(_ tags: [String]) throws(WireFailure) -> [String] {
    guard tags.count <= tagCount else {
      throw .invalidField("tags", "has \(tags.count) entries: at most \(tagCount) are allowed")
    }
    var valid: Set<ByteText> = []
    for tag in tags { valid.insert(ByteText(try visible(tag, field: "tags", length: 1...tagLength))) }
    return valid.sorted().map(\.text)
  }

  static func serial(_ text: String) throws(WireFailure) -> String {
    guard (1...serialLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      if (1...serialLength).contains(text.utf8.count), SerialPlaceholder.contains(text), isPlain(text) {
        throw .serialPlaceholder(text)
      }
      throw .invalidField(
        "serial", "is not a serial number: give 1 to \(serialLength) printable ASCII characters without spaces")
    }
    return text
  }

  /// Of a device that is to come.
  static func newSerial(_ text: String) throws(WireFailure) -> String {
    let text = try serial(text)
    guard !SerialPlaceholder.contains(text) else { throw .serialPlaceholder(text) }
    return text
  }

  static func serials(_ serials: [String]) throws(WireFailure) -> [String] {
    guard serials.count <= serialCount else {
      throw .invalidField("serials", "has \(serials.count) entries: at most \(serialCount) are allowed")
    }
    var valid: Set<String> = []
    for text in serials { valid.insert(try newSerial(text)) }
    return valid.sorted()
  }

  static func namePrefix(_ text: String, length: Int) throws(WireFailure) -> String {
    let prefix = try visible(text, field: "name-prefix", length: 0...length)
    return prefix.isEmpty ? "device" : prefix
  }

  /// SHA-256 of a public key.
  static func keyHash(_ bytes: some Collection<UInt8>) throws(WireFailure) -> [UInt8] {
    guard bytes.count == 32 else {
      throw .invalidField(
        "public-key-hash", "has \(bytes.count) bytes: give SHA-256 of the SubjectPublicKeyInfo in DER, 32 bytes")
    }
    return Array(bytes)
  }

  /// - Parameter requested: 0 stands for the usual size.
  static func pageSize(_ requested: UInt32) throws(WireFailure) -> Int {
    if requested == 0 { return defaultPageSize }
    return try number(UInt64(requested), 1...maximumPageSize, field: "page-size")
  }

  /// Printable ASCII, spaces too, but not these alone.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && text.utf8.contains { $0 != 0x20 }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }
}

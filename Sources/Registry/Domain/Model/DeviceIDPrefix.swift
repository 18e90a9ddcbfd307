import FirmwareImage
import Foundations

/// The beginning of a device ID's text as a range of IDs, which the primary key's index serves.
package enum DeviceIDPrefix {
  /// The least and the greatest ID, of 16 bytes each, whose text begins with `text`.
  ///
  /// - Returns: nil if no ID begins so.
  package static func range(_ text: String) -> (lowest: [UInt8], highest: [UInt8])? {
    let places = [8, 13, 18, 23]
    let characters = Array(text.utf8)
    guard !characters.isEmpty, characters.count <= 36 else { return nil }
    var digits = ""
    for (place, character) in characters.enumerated() {
      let isHyphen = character == UInt8(ascii: "-")
      guard isHyphen == places.contains(place) else { return nil }
      if !isHyphen { digits.unicodeScalars.append(Unicode.Scalar(character)) }
    }
    let fill = { (digit: String) in digits + String(repeating: digit, count: 32 - digits.utf8.count) }
    guard let lowest = Hexadecimal.decode(fill("0")), let highest = Hexadecimal.decode(fill("f")) else { return nil }
    return (lowest, highest)
  }
}

/// The rules of MQTT 5 (section 4.7) for topics and filters, checked before the library sees them:
/// its own errors do not say what is wrong, and a C string would end at a NUL.
package enum MQTTTopic {
  /// The longest string in MQTT, in bytes of UTF-8 (section 1.5.4).
  package static let maximumBytes = 65_535
  /// The broker's own limit on `/` in a topic (TOPIC_HIERARCHY_LIMIT).
  package static let maximumLevels = 200

  /// Checks a topic to publish to.
  package static func validate(name: String) throws(MQTTError) {
    try validate(text: name, what: "topic")
    if let wildcard = name.utf8.first(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }) {
      throw MQTTError(
        .invalid, "a topic to publish to must not contain the wildcard \(Unicode.Scalar(wildcard))")
    }
    if name.utf8.first == UInt8(ascii: "$") {
      throw MQTTError(.invalid, "topics that start with $ belong to the broker: publish to another")
    }
  }

  /// Checks a filter to subscribe to, `$share/group/filter` included.
  package static func validate(filter: String) throws(MQTTError) {
    try validate(text: filter, what: "topic filter")
    var levels = filter.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
    if levels.first?.elementsEqual("$share".utf8) == true {
      guard levels.count >= 3 else {
        throw MQTTError(.invalid, "a shared subscription is $share/GROUP/FILTER: group or filter is missing")
      }
      let group = levels[levels.startIndex + 1]
      guard !group.isEmpty, !group.contains(UInt8(ascii: "+")), !group.contains(UInt8(ascii: "#")) else {
        throw MQTTError(.invalid, "the group of a shared subscription must be a name without wildcards")
      }
      levels = levels.dropFirst(2)
      guard levels.count > 1 || levels.first?.isEmpty == false else {
        throw MQTTError(.invalid, "the filter of a shared subscription is empty")
      }
    }
    for (index, level) in zip(levels.indices, levels) {
      if level.contains(UInt8(ascii: "#")), level.count > 1 || index != levels.endIndex - 1 {
        throw MQTTError(.invalid, "# must be the whole of the last level of a topic filter")
      }
      if level.contains(UInt8(ascii: "+")), level.count > 1 {
        throw MQTTError(.invalid, "+ must be the whole of a level of a topic filter")
      }
    }
  }

  /// Checks text that travels as an MQTT string: its length, and the characters that a broker
  /// may close the connection for (section 1.5.4).
  static func validate(text: String, what: String) throws(MQTTError) {
    let bytes = text.utf8.count
    guard bytes > 0 else { throw MQTTError(.invalid, "the \(what) is empty") }
    guard bytes <= maximumBytes else {
      throw MQTTError(.invalid, "the \(what) has \(bytes) bytes; MQTT allows \(maximumBytes)")
    }
    var separators = 0
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x00...0x1F, 0x7F...0x9F:
        throw MQTTError(
          .invalid, "the \(what) contains the control character U+\(hex(scalar.value)): remove it")
      case 0xFDD0...0xFDEF:
        throw MQTTError(.invalid, "the \(what) contains the non-character U+\(hex(scalar.value)): remove it")
      case let value where value & 0xFFFE == 0xFFFE:
        throw MQTTError(.invalid, "the \(what) contains the non-character U+\(hex(value)): remove it")
      case 0x2F: separators += 1
      default: break
      }
    }
    guard separators <= maximumLevels else {
      throw MQTTError(.invalid, "the \(what) has \(separators) levels; the broker allows \(maximumLevels)")
    }
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

package import FoundationEssentials

/// JSON as people and programs get it everywhere in the project: keys in order, so that equal values are equal texts,
/// and times in ISO 8601 with milliseconds. It is also the one way in which JSON from outside is read.
package enum JSONCoding {
  /// An encoder that writes that form; `pretty` for several lines.
  package static func encoder(pretty: Bool = false) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(text(of: date))
    }
    return encoder
  }

  /// Reads JSON that `JSONSyntax` lets through.
  ///
  /// - Throws: `DecodingError`; for bytes that are no such JSON it says where and why.
  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    do throws(JSONSyntaxError) {
      try JSONSyntax.check(bytes)
    } catch {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: error.description, underlyingError: error))
    }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      guard let date = date(try container.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "expected a time in ISO 8601 such as 2026-11-22T14:06:00Z")
      }
      return date
    }
    return try decoder.decode(type, from: Data(bytes))
  }

  /// As the other `decode`, from `Data`.
  package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    try decode(type, from: Array(data))
  }

  /// A time as JSON has it: `2026-11-22T14:06:00.123Z`.
  package static func text(of date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// Reads a time in the form of RFC 3339, with or without a fraction of the second: `2026-11-22T14:06:00Z`,
  /// `2026-11-22T15:06:00.5+01:00`. Nil for a text that is no time, such as the 30th of February.
  package static func date(_ text: String) -> Date? {
    let bytes = Array(text.utf8)
    guard (20...40).contains(bytes.count) else { return nil }
    func number(_ start: Int, _ count: Int) -> Int? {
      guard start + count <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[start..<(start + count)] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      return value
    }
    func has(_ mark: Unicode.Scalar, _ index: Int) -> Bool { bytes[index] == UInt8(ascii: mark) }
    guard has("-", 4), has("-", 7), has("T", 10), has(":", 13), has(":", 16),
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
      let minute = number(14, 2), let second = number(17, 2), year >= 1, (1...12).contains(month),
      (1...days(in: month, of: year)).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    var rest = 19
    var fraction = 0.0
    if has(".", rest) {
      var weight = 0.1
      rest += 1
      let start = rest
      while rest < bytes.count, let digit = number(rest, 1) {
        fraction += Double(digit) * weight
        weight /= 10
        rest += 1
      }
      guard rest > start, rest < bytes.count else { return nil }
    }
    var offsetMinutes = 0
    if has("Z", rest) {
      guard rest + 1 == bytes.count else { return nil }
    } else {
      guard rest + 6 == bytes.count, has("+", rest) || has("-", rest), has(":", rest + 3),
        let hours = number(rest + 1, 2), let minutes = number(rest + 4, 2), hours < 24, minutes < 60
      else { return nil }
      offsetMinutes = (hours * 60 + minutes) * (has("-", rest) ? -1 : 1)
    }
    let seconds = (daysSince1970(year, month, day) * 24 + hour) * 3_600 + (minute - offsetMinutes) * 60 + second
    return Date(timeIntervalSince1970: Double(seconds) + fraction)
  }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Of the Gregorian calendar, with years that begin in March so that the leap day comes last.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
  }
}

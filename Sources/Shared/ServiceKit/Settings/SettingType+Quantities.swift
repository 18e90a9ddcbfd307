import TextFormats

extension SettingType where Value == Int {
  /// A whole number in `range`.
  package static func integer(_ range: ClosedRange<Int>) -> Self {
    Self(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// A number of bytes, as such or with a unit: `65536`, `64KiB`, `64 MiB`, `1GB`.
  package static func byteSize(_ range: ClosedRange<Int>) -> Self {
    let bounds = "from \(HumanText.bytes(range.lowerBound)) to \(HumanText.bytes(range.upperBound))"
    return Self(expected: "a size such as 65536, 64KiB or 10MB, \(bounds)") { text in
      guard let (digits, unit) = splitUnit(text), let count = Int(digits), let factor = byteUnits[unit] else {
        return nil
      }
      let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
      return !overflow && range.contains(bytes) ? bytes : nil
    }
  }
}

extension SettingType where Value == Double {
  /// A share of a whole: `0`, `0.25`, `1`.
  package static var ratio: Self {
    Self(expected: "a number from 0 to 1") { text in
      // Double takes more than people write: "0x1p-3", "nan".
      guard !text.isEmpty, text.utf8.count <= 12, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
        let ratio = Double(text), (0...1).contains(ratio)
      else { return nil }
      return ratio
    }
  }
}

extension SettingType where Value == Duration {
  /// A time span: seconds as such, or with a unit: `30`, `0.5`, `250ms`, `5m`, `12h`, `7d`.
  package static func duration(_ range: ClosedRange<Duration>) -> Self {
    let bounds = "from \(HumanText.duration(range.lowerBound)) to \(HumanText.duration(range.upperBound))"
    return Self(expected: "seconds, or a time such as 250ms, 5m or 12h, \(bounds)") { text in
      // The bound on the digits keeps the multiplication below away from what Duration can't hold.
      guard let (digits, unit) = splitUnit(text), digits.utf8.count <= 12, let count = Double(digits),
        let seconds = timeUnits[unit]
      else { return nil }
      let duration = Duration.seconds(count * seconds)
      return range.contains(duration) ? duration : nil
    }
  }
}

/// The number and the unit of a text, or nil when it does not start with a digit.
private func splitUnit(_ text: String) -> (digits: String, unit: String)? {
  let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
  guard let first = digits.first, first != "." else { return nil }
  let unit = text.dropFirst(digits.count).drop { $0 == " " }
  return (String(digits), unit.lowercased())
}

private let byteUnits: [String: Int] = [
  "": 1, "b": 1,
  "k": 1 << 10, "kib": 1 << 10, "m": 1 << 20, "mib": 1 << 20, "g": 1 << 30, "gib": 1 << 30, "tib": 1 << 40,
  "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
]

/// In seconds.
private let timeUnits: [String: Double] = [
  "": 1, "s": 1, "ms": 0.001, "m": 60, "min": 60, "h": 3_600, "d": 86_400,
]

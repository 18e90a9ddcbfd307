/// A `Range` header of RFC 9110, section 14, applied to a representation of known length.
enum ByteRange: Equatable {
  /// Send everything: there is no range, or none that has to be honoured.
  case whole
  case part(Range<UInt64>)
  case unsatisfiable

  /// Several ranges are answered with everything, which the standard allows: it saves the server
  /// from requests that ask for many overlapping ones.
  static func parse(_ header: String?, lengthBytes: UInt64) -> ByteRange {
    guard let header, let equals = header.firstIndex(of: "="),
      header[..<equals].filter({ $0 != " " }).lowercased() == "bytes"
    else { return .whole }
    let specifications = header[header.index(after: equals)...].split(separator: ",")
      .map { $0.filter { $0 != " " && $0 != "\t" } }
    guard specifications.count == 1, let specification = specifications.first,
      let dash = specification.firstIndex(of: "-")
    else { return .whole }
    let first = specification[..<dash]
    let last = specification[specification.index(after: dash)...]
    if first.isEmpty {
      guard let suffix = number(last) else { return .whole }
      guard suffix > 0, lengthBytes > 0 else { return .unsatisfiable }
      return .part((lengthBytes - min(suffix, lengthBytes))..<lengthBytes)
    }
    guard let start = number(first) else { return .whole }
    var end = UInt64.max
    if !last.isEmpty {
      guard let value = number(last), value >= start else { return .whole }
      end = value
    }
    guard start < lengthBytes else { return .unsatisfiable }
    return .part(start..<(min(end, lengthBytes - 1) + 1))
  }

  /// Digits only; a number too large for 64 bits is as good as the largest.
  private static func number(_ text: some StringProtocol) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return UInt64(text) ?? .max
  }
}

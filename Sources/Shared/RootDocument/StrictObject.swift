import Foundations

/// The members of a JSON object, taken one by one until none is left: a member that nobody knows is an error.
struct StrictObject {
  private var members: [String: StrictJSON]
  private let what: String

  /// - Parameter what: for errors: "the envelope".
  init(_ value: StrictJSON, _ what: String) throws(RootDocumentError) {
    guard case .object(let members) = value else { throw .malformed("\(what) is not a JSON object") }
    self.members = members
    self.what = what
  }

  mutating func text(_ name: String) throws(RootDocumentError) -> String {
    guard case .text(let text) = try take(name) else { throw .malformed("\(name) in \(what) is not a text") }
    return text
  }

  mutating func number(_ name: String, _ range: ClosedRange<UInt64>) throws(RootDocumentError) -> UInt64 {
    guard case .number(let number) = try take(name), range.contains(number) else {
      throw .malformed("\(name) in \(what) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func array(_ name: String, count: ClosedRange<Int>) throws(RootDocumentError) -> [StrictJSON] {
    guard case .array(let elements) = try take(name), count.contains(elements.count) else {
      throw .malformed("\(name) in \(what) is not an array of \(count.lowerBound) to \(count.upperBound) elements")
    }
    return elements
  }

  /// Lower-case digits of exactly this many bytes, so that a value has one text.
  mutating func hexadecimal(_ name: String, byteCount: Int) throws(RootDocumentError) -> [UInt8] {
    let text = try text(name)
    guard let bytes = Hexadecimal.decode(text), bytes.count == byteCount, Hexadecimal.encode(bytes) == text else {
      throw .malformed("\(name) in \(what) is not \(byteCount * 2) lower-case hexadecimal digits")
    }
    return bytes
  }

  func finish() throws(RootDocumentError) {
    if let name = members.keys.min() { throw .malformed("\(what) has the unknown member \(StrictJSON.quoted(name))") }
  }

  private mutating func take(_ name: String) throws(RootDocumentError) -> StrictJSON {
    guard let value = members.removeValue(forKey: name) else { throw .malformed("\(what) has no \(name)") }
    return value
  }
}

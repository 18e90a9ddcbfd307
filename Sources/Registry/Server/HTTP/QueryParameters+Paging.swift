import Foundations
import RegistryClient
import RegistryDomain
import ServiceHTTP
import Wire

extension QueryParameters {
  /// How many entries of a list to answer.
  func limit() throws(RequestFailure) -> Int {
    Int(try number("limit", in: 1...UInt64(FieldRules.maximumPageSize)) ?? UInt64(FieldRules.defaultPageSize))
  }

  /// A version, or the ID of an event.
  ///
  /// - Parameter range: by default all that the database can hold, from 1.
  func number(
    _ name: String, in range: ClosedRange<UInt64> = 1...UInt64(Int64.max)
  ) throws(RequestFailure) -> UInt64? {
    guard let text = self[name] else { return nil }
    // Digits alone: no sign, no space.
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = UInt64(text), range.contains(number)
    else {
      throw RequestFailure(field: name, "is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Whether the parameter is `true`; false also if it is not given.
  func flag(_ name: String) throws(RequestFailure) -> Bool {
    switch self[name] {
    case nil, "false": return false
    case "true": return true
    default: throw RequestFailure(field: name, "is neither true nor false")
    }
  }
}

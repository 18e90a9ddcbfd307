import Foundations
import RegistryClient
import RegistryDomain
import TextFormats
import Wire

/// A JSON object that a client sent, read field by field, so that each error can name its field.
struct RequestDocument {
  private let fields: [String: JSONValue]

  /// - Parameter allowed: the fields that mean something. A misspelt one is refused, not ignored.
  init(_ bytes: [UInt8], allowed: Set<String>) throws(RequestFailure) {
    do throws(JSONSyntaxError) {
      try JSONSyntax.check(bytes)
    } catch {
      throw RequestFailure(field: "body", "is not JSON that is taken here: \(error)")
    }
    guard let value = JSONValue(parsing: bytes) else { throw RequestFailure(field: "body", "is not JSON in UTF-8") }
    guard case .object(let fields) = value else {
      throw RequestFailure(field: "body", "is not a JSON object: send {…}")
    }
    for name in fields.keys where !allowed.contains(name) {
      throw RequestFailure(
        field: "body", "has a field that is not known here: use \(allowed.sorted().joined(separator: ", "))")
    }
    self.fields = fields
  }

  /// The text of a field; nil if there is no such field.
  func string(_ name: String) throws(RequestFailure) -> String? {
    guard let value = fields[name] else { return nil }
    guard case .string(let text) = value else { throw RequestFailure(field: name, "is not a string") }
    return text
  }

  /// The number of a field; nil if there is no such field.
  func positiveInteger(_ name: String) throws(RequestFailure) -> Int64? {
    guard let value = fields[name] else { return nil }
    guard case .integer(let number) = value, number > 0 else {
      throw RequestFailure(field: name, "is not a whole number from 1 to \(Int64.max)")
    }
    return number
  }

  /// The texts of a field; nil if there is no such field.
  func strings(_ name: String) throws(RequestFailure) -> [String]? {
    guard let value = fields[name] else { return nil }
    guard case .array(let elements) = value else { throw RequestFailure(field: name, "is not a list of strings") }
    var texts: [String] = []
    for element in elements {
      guard case .string(let text) = element else { throw RequestFailure(field: name, "is not a list of strings") }
      texts.append(text)
    }
    return texts
  }
}

package import Hummingbird

/// The query of a request, decoded, every name at most once unless the route takes several.
package struct QueryParameters: Sendable {
  private let values: [String: [String]]

  /// - Parameters:
  ///   - known: all names that the route takes; others are a `ProblemError`, so that a typing error does not silently
  ///     return too much.
  ///   - repeatable: those that may be given several times.
  package init(_ request: Request, known: Set<String>, repeatable: Set<String> = []) throws {
    var values: [String: [String]] = [:]
    for pair in (request.uri.query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // A plus is a space in what forms send.
      let decoded = parts.map { PercentEncoding.decode(String($0.map { $0 == "+" ? " " : $0 })) }
      guard let name = decoded[0], let value = decoded.count > 1 ? decoded[1] : "" else {
        throw Self.invalid("query", "the query is not valid percent-encoded UTF-8")
      }
      guard known.contains(name) else {
        let names = known.sorted().joined(separator: ", ")
        throw Self.invalid(name, "the query parameter \(name) is not known; known are \(names)")
      }
      values[name, default: []].append(value)
      guard values[name]?.count == 1 || repeatable.contains(name) else {
        throw Self.invalid(name, "the query parameter \(name) is given more than once; give it once")
      }
    }
    self.values = values
  }

  /// The value of a name; nil if it was not given.
  package subscript(name: String) -> String? { values[name]?.first }

  /// All values of a name that may be given several times.
  package func all(_ name: String) -> [String] { values[name] ?? [] }

  /// The value as a whole number in `range`, or `default` when the name was not given.
  ///
  /// - Throws: `ProblemError` 400 for any other value.
  package func integer(_ name: String, in range: ClosedRange<Int>, default: Int) throws -> Int {
    guard let text = self[name] else { return `default` }
    guard let value = Int(text), range.contains(value) else {
      throw Self.invalid(
        name, "the query parameter \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  private static func invalid(_ name: String, _ detail: String) -> ProblemError {
    ProblemError(.badRequest, reason: "invalid-query", detail: detail, members: ["parameter": .text(name)])
  }
}

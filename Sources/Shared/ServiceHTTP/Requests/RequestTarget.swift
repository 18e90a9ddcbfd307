import Hummingbird

/// Looks at the target of a request before any route does.
enum RequestTarget {
  /// Throws for a path that a route, or what lies behind it, might take for another one: escapes that decode to
  /// slashes, dots or control characters, and text that is not UTF-8.
  static func check(_ request: Request, limits: HTTPLimits) throws(ProblemError) {
    let target = request.head.path ?? ""
    guard target.utf8.count <= limits.maximumTargetBytes else {
      throw ProblemError(
        .uriTooLong, reason: "target-too-long",
        detail: "the path and the query are longer than \(limits.maximumTargetBytes) bytes; shorten them")
    }
    // What was not UTF-8 has become U+FFFD on the way here, and so is not ASCII either.
    guard target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw invalid("it has characters that must be percent-encoded")
    }
    let path = request.uri.path
    guard path.first == "/" else { throw invalid("it must start with a slash") }
    for segment in path.split(separator: "/", omittingEmptySubsequences: true) {
      guard let text = PercentEncoding.decode(segment) else {
        throw invalid("a % must be followed by two hexadecimal digits, and the whole must be UTF-8")
      }
      guard text != ".", text != ".." else { throw invalid("the segments . and .. are not taken; resolve them") }
      guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" && $0 != "\\" }) else {
        throw invalid("slashes, backslashes and control characters are not taken in a segment, also not encoded")
      }
    }
    if let query = request.uri.query, PercentEncoding.decode(query) == nil {
      throw invalid("the query is not valid percent-encoded UTF-8")
    }
  }

  private static func invalid(_ detail: String) -> ProblemError {
    ProblemError(.badRequest, reason: "invalid-target", detail: "the request's target can't be taken: \(detail)")
  }
}

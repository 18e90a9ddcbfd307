package import HTTPTypes

/// The names of requests.
enum RequestIdentity {
  /// The client's own, if it can stand in logs and headers, or a new one.
  static func requestID(_ given: String?) -> String {
    if let given, (1...64).contains(given.utf8.count), given.utf8.allSatisfy(isPlain) { return given }
    let number = UInt64.random(in: 0 ... .max)
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

extension HTTPField.Name {
  /// Names a request; a client may choose the name.
  package static let requestID = HTTPField.Name("X-Request-Id")!
  /// Carries the trace context: see ``TraceParent``.
  package static let traceParent = HTTPField.Name("traceparent")!
}

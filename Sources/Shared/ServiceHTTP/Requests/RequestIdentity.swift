import Foundations
package import HTTPTypes

/// The names of requests.
enum RequestIdentity {
  /// The client's own, if it can stand in logs and headers, or a new one.
  static func requestID(_ given: String?) -> String {
    if let given, TraceContext.isRequestID(given) { return given }
    let number = UInt64.random(in: 0 ... .max)
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension HTTPField.Name {
  /// Names a request; a client may choose the name.
  package static let requestID = HTTPField.Name("X-Request-Id")!
  /// Carries the trace context: see `TraceContext`.
  package static let traceParent = HTTPField.Name("traceparent")!
}

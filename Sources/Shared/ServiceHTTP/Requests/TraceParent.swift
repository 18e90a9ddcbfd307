/// The W3C trace context of a request (https://www.w3.org/TR/trace-context/), which ties together what several
/// services do for it.
package struct TraceParent: Sendable, Equatable, CustomStringConvertible {
  /// Names the trace: 32 hexadecimal digits, not all zero.
  package let traceID: String
  /// Names the caller's part of it: 16 hexadecimal digits, not all zero.
  package let spanID: String
  /// 2 hexadecimal digits; bit 0 asks to record the trace.
  package let flags: String

  /// The start of a new trace, which nobody asked to record.
  package init() {
    traceID = Self.hex(.random(in: 1 ... .max)) + Self.hex(.random(in: 0 ... .max))
    spanID = Self.hex(.random(in: 1 ... .max))
    flags = "00"
  }

  /// Reads a header; nil if it is not a valid `traceparent`.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[0] != "00" || parts.count == 4,
      parts[1].utf8.count == 32, parts[2].utf8.count == 16, parts[3].utf8.count == 2,
      parts[..<4].allSatisfy({ $0.utf8.allSatisfy(Self.isLowerHexDigit) }),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
    flags = String(parts[3])
  }

  private init(traceID: String, spanID: String, flags: String) {
    self.traceID = traceID
    self.spanID = spanID
    self.flags = flags
  }

  /// The same trace with a new span, for what this service asks others to do.
  package func child() -> TraceParent {
    TraceParent(traceID: traceID, spanID: Self.hex(.random(in: 1 ... .max)), flags: flags)
  }

  package var description: String { "00-\(traceID)-\(spanID)-\(flags)" }

  private static func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func isLowerHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}

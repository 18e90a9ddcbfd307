/// Where a piece of work stands in a trace, which ties together what several programs do for one request: the W3C trace
/// context (https://www.w3.org/TR/trace-context/) and the name of the request that the trace began with.
///
/// ``current`` is that of what the task does. Programs bind it where a request comes in, and everything below finds it
/// there: log lines say it, and requests to other programs carry it.
package struct TraceContext: Sendable, Hashable {
  /// The context of what this task does; nil: nobody asked for it.
  @TaskLocal package static var current: TraceContext?

  private let traceHigh: UInt64
  private let traceLow: UInt64
  private let span: UInt64
  /// 0: there is none, or it is another program's secret.
  private let parent: UInt64
  private let flagBits: UInt8

  /// How the client named the request that began it (`X-Request-Id`); empty: it is not known.
  package var requestID: String

  /// The longest name of a request; what is longer does not stand for one.
  package static let maximumRequestIDBytes = 64

  /// The start of a new trace.
  ///
  /// - Parameter isSampled: whether its spans are to be exported.
  package init(isSampled: Bool = false, requestID: String = "") {
    traceHigh = .random(in: 1 ... .max)
    traceLow = .random(in: 0 ... .max)
    span = .random(in: 1 ... .max)
    parent = 0
    flagBits = isSampled ? Self.sampledBit : 0
    self.requestID = requestID
  }

  /// Reads a `traceparent`; nil if it is not valid. A name of a request that can't stand in logs and headers is left out.
  package init?(_ traceParent: String, requestID: String = "") {
    var text = traceParent
    let fields = text.withUTF8 { Fields($0) }
    guard let fields else { return nil }
    (traceHigh, traceLow, span, flagBits) = (fields.traceHigh, fields.traceLow, fields.span, fields.flags)
    parent = 0
    self.requestID = Self.isRequestID(requestID) ? requestID : ""
  }

  private init(_ other: TraceContext, span: UInt64) {
    (traceHigh, traceLow, flagBits) = (other.traceHigh, other.traceLow, other.flagBits)
    (self.span, parent, requestID) = (span, other.span, other.requestID)
  }

  /// The part of a trace that another program did, as it said itself, with the part that it belongs to.
  ///
  /// - Parameter parentSpanID: 16 hexadecimal digits; anything else stands for none.
  package init?(_ traceParent: String, parentSpanID: String) {
    guard let own = TraceContext(traceParent) else { return nil }
    (traceHigh, traceLow, flagBits, span) = (own.traceHigh, own.traceLow, own.flagBits, own.span)
    parent = parentSpanID.utf8.count == 16 ? UInt64(parentSpanID, radix: 16) ?? 0 : 0
    requestID = ""
  }

  /// The same trace with a new span below this one, for a part of the work.
  package func child() -> TraceContext { TraceContext(self, span: .random(in: 1 ... .max)) }

  /// Names the trace: 32 hexadecimal digits, not all zero.
  package var traceID: String { Self.digits(traceHigh) + Self.digits(traceLow) }
  /// Names this part of it: 16 hexadecimal digits, not all zero.
  package var spanID: String { Self.digits(span) }
  /// Names the part that this one belongs to; nil for the first that is known.
  package var parentSpanID: String? { parent == 0 ? nil : Self.digits(parent) }
  /// Whether the spans of the trace are to be exported: whoever began it asked for that.
  package var isSampled: Bool { flagBits & Self.sampledBit != 0 }

  /// ``traceID`` as 16 bytes.
  package var traceIDBytes: [UInt8] { Self.bytes(traceHigh) + Self.bytes(traceLow) }
  /// ``spanID`` as 8 bytes.
  package var spanIDBytes: [UInt8] { Self.bytes(span) }
  /// ``parentSpanID`` as 8 bytes; empty for none.
  package var parentSpanIDBytes: [UInt8] { parent == 0 ? [] : Self.bytes(parent) }

  private static let sampledBit: UInt8 = 1

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func digits(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Whether the text can name a request: 1 to 64 letters, digits, `-`, `_` and `.`.
  package static func isRequestID(_ text: String) -> Bool {
    (1...maximumRequestIDBytes).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}

extension TraceContext: CustomStringConvertible {
  /// The `traceparent` for whom this one asks to do something.
  package var description: String {
    let flags = (flagBits < 16 ? "0" : "") + String(flagBits, radix: 16)
    return "00-\(traceID)-\(spanID)-\(flags)"
  }
}

extension TraceContext {
  /// The fields of a `traceparent`, version 00; of a higher version what stands where those of 00 do.
  private struct Fields {
    let traceHigh: UInt64
    let traceLow: UInt64
    let span: UInt64
    let flags: UInt8

    private static let byteCount = 55
    private static let dash = UInt8(ascii: "-")

    init?(_ text: UnsafeBufferPointer<UInt8>) {
      guard text.count >= Self.byteCount, text[2] == Self.dash, text[35] == Self.dash, text[52] == Self.dash,
        let version = Self.number(text[0..<2]), version != 0xFF,
        text.count == Self.byteCount || version != 0 && text[Self.byteCount] == Self.dash,
        let high = Self.number(text[3..<19]), let low = Self.number(text[19..<35]), high != 0 || low != 0,
        let span = Self.number(text[36..<52]), span != 0, let flags = Self.number(text[53..<55])
      else { return nil }
      (traceHigh, traceLow, self.span, self.flags) = (high, low, span, UInt8(flags))
    }

    /// - Returns: nil for anything but digits and the letters a to f.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
      var number: UInt64 = 0
      for byte in digits {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
        default: return nil
        }
      }
      return number
    }
  }
}

import SwiftProtobuf
import Wire

/// A frame that is not an envelope.
package struct EnvelopeError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  static let truncated = EnvelopeError(description: "the frame ends inside a field")
  static let malformed = EnvelopeError(description: "the frame is not a protobuf message")
  static let notText = EnvelopeError(description: "a text field is not UTF-8")
  static let failure = EnvelopeError(description: "the failure field is not a Failure message")
}

extension Envelope {
  /// Reads a frame; its byte strings stay slices of the frame.
  package init(decoding frame: [UInt8]) throws(EnvelopeError) {
    self.init(role: Role(rawValue: 0))
    let fields = try EnvelopeFields(of: frame)
    version = fields.version
    role = fields.role
    kind = try String(envelopeText: frame[fields.kind])
    correlationID = frame[fields.correlationID]
    deadlineMilliseconds = fields.deadlineMilliseconds
    traceParent = try String(envelopeText: frame[fields.traceParent])
    requestID = try String(envelopeText: frame[fields.requestID])
    payload = frame[fields.payload]
    for range in fields.replacedTexts { _ = try String(envelopeText: frame[range]) }
    for range in fields.failures {
      var merged = failure ?? WireFailure()
      do { try merged.merge(serializedBytes: frame[range].span.bytes) } catch { throw .failure }
      failure = merged
    }
  }
}

extension String {
  fileprivate init(envelopeText bytes: ArraySlice<UInt8>) throws(EnvelopeError) {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
    self = text
  }
}

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
  /// Reads a frame. Unknown fields are skipped, as protobuf asks; groups, which proto3 no longer
  /// has, are not.
  package init(decoding frame: [UInt8]) throws(EnvelopeError) {
    self.init(role: Role(rawValue: 0))
    version = 0
    var reader = FieldReader(frame)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .number(let number)): version = UInt32(truncatingIfNeeded: number)
      case (2, .number(let number)): role = Role(rawValue: UInt32(truncatingIfNeeded: number))
      case (3, .bytes(let range)): kind = try Self.text(frame[range])
      case (4, .bytes(let range)): correlationID = frame[range]
      case (5, .number(let number)): deadlineMilliseconds = UInt32(truncatingIfNeeded: number)
      case (6, .bytes(let range)): traceParent = try Self.text(frame[range])
      case (7, .bytes(let range)): payload = frame[range]
      case (8, .bytes(let range)):
        var merged = failure ?? WireFailure()
        do { try merged.merge(serializedBytes: frame[range].span.bytes) } catch { throw .failure }
        failure = merged
      default: break
      }
    }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) throws(EnvelopeError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
    return text
  }
}

/// Walks over the fields of a protobuf message without copying them.
private struct FieldReader {
  enum Value {
    case number(UInt64)
    case bytes(Range<Int>)
    case fixed
  }

  private let frame: [UInt8]
  private var position = 0

  init(_ frame: [UInt8]) {
    self.frame = frame
  }

  mutating func next() throws(EnvelopeError) -> (field: UInt64, value: Value)? {
    guard position < frame.count else { return nil }
    let key = try varint()
    let field = key >> 3
    // Field numbers are 29 bits, and 0 is none.
    guard field != 0, field < 1 << 29 else { throw .malformed }
    switch key & 7 {
    case 0: return (field, .number(try varint()))
    case 1: return (field, try skip(8))
    case 2:
      let length = try varint()
      guard length <= UInt64(frame.count - position) else { throw .truncated }
      let range = position..<position + Int(length)
      position = range.upperBound
      return (field, .bytes(range))
    case 5: return (field, try skip(4))
    default: throw .malformed
    }
  }

  private mutating func skip(_ count: Int) throws(EnvelopeError) -> Value {
    guard frame.count - position >= count else { throw .truncated }
    position += count
    return .fixed
  }

  private mutating func varint() throws(EnvelopeError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < frame.count {
      let byte = frame[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      // Ten bytes hold 64 bits.
      if shift > 63 { throw .malformed }
    }
    throw .truncated
  }
}

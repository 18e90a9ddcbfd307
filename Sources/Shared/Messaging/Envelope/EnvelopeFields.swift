/// Where the fields of an envelope lie in its frame, found without copying or counting references.
struct EnvelopeFields {
  private(set) var version: UInt32 = 0
  private(set) var role = Envelope.Role(rawValue: 0)
  private(set) var kind = 0..<0
  private(set) var correlationID = 0..<0
  private(set) var deadlineMilliseconds: UInt32 = 0
  private(set) var traceParent = 0..<0
  private(set) var requestID = 0..<0
  private(set) var payload = 0..<0
  /// Texts that came again: the last one counts, and all must be text.
  private(set) var replacedTexts: [Range<Int>] = []
  /// A message in parts is merged.
  private(set) var failures: [Range<Int>] = []

  /// Reads a frame. Unknown fields are skipped, as protobuf asks; groups, which proto3 no longer
  /// has, are not.
  init(of frame: [UInt8]) throws(EnvelopeError) {
    self = try frame.withUnsafeBufferPointer { bytes throws(EnvelopeError) in try EnvelopeFields(of: bytes) }
  }

  private init(of frame: UnsafeBufferPointer<UInt8>) throws(EnvelopeError) {
    var reader = FieldReader(frame)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .number(let number)): version = UInt32(truncatingIfNeeded: number)
      case (2, .number(let number)): role = Envelope.Role(rawValue: UInt32(truncatingIfNeeded: number))
      case (3, .bytes(let range)):
        if !kind.isEmpty { replacedTexts.append(kind) }
        kind = range
      case (4, .bytes(let range)): correlationID = range
      case (5, .number(let number)): deadlineMilliseconds = UInt32(truncatingIfNeeded: number)
      case (6, .bytes(let range)):
        if !traceParent.isEmpty { replacedTexts.append(traceParent) }
        traceParent = range
      case (7, .bytes(let range)): payload = range
      case (8, .bytes(let range)): failures.append(range)
      case (9, .bytes(let range)):
        if !requestID.isEmpty { replacedTexts.append(requestID) }
        requestID = range
      default: break
      }
    }
  }
}

/// Walks over the fields of a protobuf message.
private struct FieldReader {
  enum Value {
    case number(UInt64)
    case bytes(Range<Int>)
    case fixed
  }

  private let frame: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ frame: UnsafeBufferPointer<UInt8>) {
    self.frame = frame
  }

  @inline(__always)
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

  @inline(__always)
  private mutating func varint() throws(EnvelopeError) -> UInt64 {
    guard position < frame.count else { throw .truncated }
    let first = frame[position]
    guard first >= 0x80 else {
      position += 1
      return UInt64(first)
    }
    return try longVarint()
  }

  private mutating func longVarint() throws(EnvelopeError) -> UInt64 {
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

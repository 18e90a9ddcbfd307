import SwiftProtobuf
import Wire

extension Envelope {
  /// The envelope as a frame, in the canonical order of fields and without those that have their default.
  package func encoded() -> [UInt8] {
    // Can't fail: the message has no required fields.
    let failureBytes: [UInt8] = failure.map { (try? $0.serializedBytes()) ?? [] } ?? []
    // 9 keys, 3 numbers of at most 5 bytes and 6 lengths of at most 10.
    let overhead = 84
    var frame: [UInt8] = []
    frame.reserveCapacity(
      overhead + kind.utf8.count + correlationID.count + traceParent.utf8.count + payload.count + failureBytes.count
        + requestID.utf8.count)
    frame.appendNumber(field: 1, version)
    frame.appendNumber(field: 2, role.rawValue)
    frame.appendText(field: 3, kind)
    frame.appendBytes(field: 4, correlationID)
    frame.appendNumber(field: 5, deadlineMilliseconds)
    frame.appendText(field: 6, traceParent)
    frame.appendBytes(field: 7, payload)
    // Present even if all its fields have their defaults.
    if failure != nil { frame.appendDelimited(field: 8, failureBytes[...]) }
    frame.appendText(field: 9, requestID)
    return frame
  }
}

extension Envelope {
  /// The frame of a request, written at once.
  static func request(
    _ call: UInt64, prefix: UInt64, kind: String, deadlineMilliseconds: UInt32, traceParent: String, requestID: String,
    payload: [UInt8]
  ) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(84 + kind.utf8.count + traceParent.utf8.count + requestID.utf8.count + payload.count)
    frame.appendNumber(field: 1, currentVersion)
    frame.appendNumber(field: 2, Role.request.rawValue)
    frame.appendText(field: 3, kind)
    frame.append(4 << 3 | 2)
    frame.append(16)
    withUnsafeBytes(of: prefix.bigEndian) { frame.append(contentsOf: $0) }
    withUnsafeBytes(of: call.bigEndian) { frame.append(contentsOf: $0) }
    frame.appendNumber(field: 5, deadlineMilliseconds)
    frame.appendText(field: 6, traceParent)
    frame.appendBytes(field: 7, payload[...])
    frame.appendText(field: 9, requestID)
    return frame
  }

  /// The frame of a response, written at once.
  static func response(to correlationID: ArraySlice<UInt8>, kind: String, payload: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(32 + kind.utf8.count + correlationID.count + payload.count)
    frame.appendNumber(field: 1, currentVersion)
    frame.appendNumber(field: 2, Role.response.rawValue)
    frame.appendText(field: 3, kind)
    frame.appendBytes(field: 4, correlationID)
    frame.appendBytes(field: 7, payload[...])
    return frame
  }
}

extension [UInt8] {
  mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  fileprivate mutating func appendNumber(field: UInt8, _ value: UInt32) {
    guard value != 0 else { return }
    append(field << 3)
    appendVarint(UInt64(value))
  }

  fileprivate mutating func appendText(field: UInt8, _ text: String) {
    guard !text.isEmpty else { return }
    var text = text
    text.withUTF8 { utf8 in
      append(field << 3 | 2)
      appendVarint(UInt64(utf8.count))
      append(contentsOf: utf8)
    }
  }

  fileprivate mutating func appendBytes(field: UInt8, _ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return }
    appendDelimited(field: field, bytes)
  }

  fileprivate mutating func appendDelimited(field: UInt8, _ bytes: ArraySlice<UInt8>) {
    append(field << 3 | 2)
    appendVarint(UInt64(bytes.count))
    append(contentsOf: bytes)
  }
}

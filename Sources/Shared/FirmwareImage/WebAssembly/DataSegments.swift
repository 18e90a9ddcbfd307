/// Follows the data section while its bytes pass by, and keeps how far into memory its segments reach.
///
/// A segment that reaches beyond the memory's end ends an app before its first instruction, on every device.
struct DataSegments: Sendable {
  /// Longer than any that linkers make.
  private static let longestHeadBytes = 64

  /// Of the segment that begins, as far as it came.
  private var head: [UInt8] = []
  /// Bytes of a segment's content that are still to pass.
  private var contentBytes: UInt32 = 0
  /// A head was not understood: only the engine can read on.
  private var isLost = false
  /// One past the last byte of memory that a segment at a constant place fills.
  private(set) var endBytes: UInt64 = 0

  /// - Parameter bytes: the next ones of the section, behind its count of segments.
  mutating func update(_ bytes: Slice<UnsafeRawBufferPointer>) {
    var rest = bytes
    while let byte = rest.first, !isLost {
      if contentBytes > 0 {
        let taken = min(rest.count, Int(contentBytes))
        contentBytes -= UInt32(taken)
        rest = rest.dropFirst(taken)
        continue
      }
      rest = rest.dropFirst()
      head.append(byte)
      if let segment = DataSegment(head: head) {
        if let start = segment.start { endBytes = max(endBytes, UInt64(start) + UInt64(segment.contentBytes)) }
        contentBytes = segment.contentBytes
        head = []
      } else if head.count >= Self.longestHeadBytes {
        isLost = true
      }
    }
  }
}

private struct DataSegment {
  /// nil: it is filled in later, or where is found out at the start.
  var start: UInt32?
  var contentBytes: UInt32

  /// nil: the head is not complete, or not understood.
  init?(head: [UInt8]) {
    var reader = WebAssemblyReader(head)
    do throws(WebAssemblyReader.Problem) {
      let flags = try reader.number()
      guard flags <= 2 else { return nil }
      if flags == 2 { _ = try reader.number() }
      if flags != 1 {
        guard case .known(let start) = try reader.segmentStart() else { return nil }
        self.start = start
      }
      contentBytes = try reader.number()
    } catch {
      return nil
    }
  }
}

/// Where segments of memories and tables begin.
extension WebAssemblyReader {
  enum SegmentStart {
    /// nil: it is found out at the start, by a global or by reckoning.
    case known(UInt32?)
    /// An instruction that is not known here.
    case unknown
  }

  mutating func segmentStart() throws(Problem) -> SegmentStart {
    let begin = position
    if try byte() == 0x41 {
      let start = try signedNumber()
      if try byte() == 0x0B { return .known(UInt32(bitPattern: start)) }
    }
    position = begin
    return try skipConstantExpression() ? .known(nil) : .unknown
  }

  /// How far elements reach that are put into tables at a constant place. What is not understood, the engine has to say.
  mutating func elements(into interface: inout WebAssemblyInterface) throws(Problem) {
    for _ in 0..<(try count(smallestEntryBytes: 1)) {
      guard let isUnderstood = try? elementSegment(into: &interface), isUnderstood else { return }
    }
  }

  private mutating func elementSegment(into interface: inout WebAssemblyInterface) throws(Problem) -> Bool {
    let flags = try number()
    let (isActive, hasTable, hasExpressions) = (flags & 1 == 0, flags & 2 != 0, flags & 4 != 0)
    guard flags < 8 else { return false }
    let table = isActive && hasTable ? try number() : 0
    var start: UInt32?
    if isActive {
      guard case .known(let found) = try segmentStart() else { return false }
      start = found
    }
    // The kind of elements: a byte for functions, a type for expressions.
    if flags & 3 != 0 {
      if hasExpressions { _ = try valueType() } else { _ = try byte() }
    }
    let count = try count(smallestEntryBytes: 1)
    for _ in 0..<count {
      if hasExpressions {
        guard try skipConstantExpression() else { return false }
      } else {
        _ = try number()
      }
    }
    if let start {
      interface.tableEnds[table] = max(interface.tableEnds[table] ?? 0, UInt64(start) + UInt64(count))
    }
    return true
  }
}

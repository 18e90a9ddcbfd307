/// Follows the data section while its bytes pass by, and keeps how far into memory its segments reach.
///
/// A segment that reaches beyond the memory's end ends an app before its first instruction, on every device.
struct DataSegments: Sendable {
  /// Longer than any that linkers make.
  private static let longestHeadBytes = 64
  /// Engines take no more.
  private static let maximumCount = 100_000

  /// The head of the segment that begins, as far as it came.
  private var head: [UInt8] = []
  /// Bytes of a segment's content that are still to pass.
  private var contentBytes: UInt32 = 0
  private var count = 0
  /// A head was not understood, or there are too many: only the engine can read on.
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
        head.removeAll(keepingCapacity: true)
        count += 1
        isLost = count > Self.maximumCount
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

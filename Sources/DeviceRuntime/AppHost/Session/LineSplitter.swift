/// Cuts a stream of output into lines of at most `limit` bytes, and never inside a character of UTF-8.
struct LineSplitter {
  private let limit: Int
  private var rest: [UInt8] = []

  init(limit: Int) {
    self.limit = max(1, limit)
  }

  /// Calls `body` with each line that is complete, without its line break.
  mutating func append(_ bytes: [UInt8], _ body: ([UInt8]) -> Void) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        body(rest)
        rest.removeAll(keepingCapacity: true)
      } else {
        if rest.count == limit {
          let end = Self.isContinuation(byte) ? endOfWholeCharacters : rest.count
          body(Array(rest[..<end]))
          rest.removeFirst(end)
        }
        rest.append(byte)
      }
    }
  }

  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// Where a character begins that is not complete; the end of all if there is none, or it is no UTF-8.
  private var endOfWholeCharacters: Int {
    guard let start = rest.indices.suffix(3).last(where: { !Self.isContinuation(rest[$0]) }), start > 0 else {
      return rest.count
    }
    let length =
      switch rest[start] {
      case 0xC0...0xDF: 2
      case 0xE0...0xEF: 3
      case 0xF0...0xF7: 4
      default: 1
      }
    return start + length > rest.count ? start : rest.count
  }

  /// What was written after the last line break, if anything.
  mutating func finish(_ body: ([UInt8]) -> Void) {
    guard !rest.isEmpty else { return }
    body(rest)
    rest = []
  }
}

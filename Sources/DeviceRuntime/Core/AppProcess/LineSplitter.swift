/// Cuts a stream of output into lines of at most `limit` bytes.
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
          body(rest)
          rest.removeAll(keepingCapacity: true)
        }
        rest.append(byte)
      }
    }
  }

  /// What was written after the last line break, if anything.
  mutating func finish(_ body: ([UInt8]) -> Void) {
    guard !rest.isEmpty else { return }
    body(rest)
    rest = []
  }
}

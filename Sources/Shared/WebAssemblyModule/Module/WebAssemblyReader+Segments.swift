/// Where segments of memories and tables begin.
extension WebAssemblyReader {
  enum SegmentStart {
    /// nil: it is found out at the start, by a global or by reckoning.
    case known(UInt32?)
    /// An instruction that is not known here.
    case unknown
  }

  /// The place of an active segment: a constant expression.
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

  /// - Returns: false if it was not understood, and where it ends is not known.
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

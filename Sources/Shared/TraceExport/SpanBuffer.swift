import Foundations

/// Spans that wait to be sent, a bounded number: of more the newest are dropped, so that what is there of a trace stays
/// together.
struct SpanBuffer {
  static let capacity = 4_096

  private(set) var spans: [TraceSpan] = []

  /// - Returns: whether there was room.
  mutating func add(_ span: TraceSpan) -> Bool {
    guard spans.count < Self.capacity else { return false }
    spans.append(span)
    return true
  }

  /// Takes the oldest out.
  mutating func take(_ limit: Int) -> [TraceSpan] {
    let batch = Array(spans.prefix(limit))
    spans.removeFirst(batch.count)
    return batch
  }
}

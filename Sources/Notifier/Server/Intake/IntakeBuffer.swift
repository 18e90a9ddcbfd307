/// What waits between the connection to the broker and the Registry, within bounds of its own.
protocol IntakeBuffer<Item>: Sendable {
  associatedtype Item: Sendable

  var isEmpty: Bool { get }
  /// How many wait.
  var count: Int { get }
  /// How full it is, as the metric shows it: in devices, or in bytes.
  var fill: Int { get }

  /// Takes out the oldest for one request to the Registry.
  mutating func take(within bounds: BatchBounds) -> [Item]
}

/// How much one request to the Registry may have.
struct BatchBounds: Sendable {
  var items: Int
  /// Bytes of payloads as they came, for items that are counted in bytes.
  var bytes: Int
}

import Foundations

/// Messages for which the broker ended the connection again and again, by their topic and size: an app that says the like
/// every second is not to cost several connections each time.
struct HopelessMessages: Sendable {
  private struct Entry {
    var bytes: Int
    var until: ContinuousClock.Instant
  }

  /// How long a message counts as hopeless: the broker's rules may be other ones by then.
  private static let life = Duration.seconds(600)
  private static let maximumTopics = 16

  private var entries: [ByteText: Entry] = [:]

  mutating func add(_ topic: String, bytes: Int, now: ContinuousClock.Instant) {
    let topic = ByteText(topic)
    entries = entries.filter { $0.value.until > now }
    let smallest = min(bytes, entries[topic]?.bytes ?? .max)
    if entries[topic] == nil, entries.count >= Self.maximumTopics,
      let oldest = entries.min(by: { $0.value.until < $1.value.until })
    {
      entries[oldest.key] = nil
    }
    entries[topic] = Entry(bytes: smallest, until: now + Self.life)
  }

  /// Whether a message as large to the same topic was found to be hopeless.
  func contain(_ topic: String, bytes: Int, now: ContinuousClock.Instant) -> Bool {
    entries[ByteText(topic)].map { bytes >= $0.bytes && now < $0.until } ?? false
  }
}

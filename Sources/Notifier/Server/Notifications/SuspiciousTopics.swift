import Mosquitto
import Synchronization

/// How notifications fared that connections broke for, between the Registry's attempts. One for which the broker ends
/// the connection again and again is not tried for a while, so that all others get through.
final class SuspiciousTopics: Sendable {
  private struct Entry {
    var tries = MQTTOutlet.Tries()
    /// Not before this.
    var heldUntil: ContinuousClock.Instant?
  }

  private static let maximumTopics = 1_024
  private static let hold = Duration.seconds(600)

  private let entries = Mutex<[String: Entry]>([:])

  /// - Returns: nil while the topic is set aside.
  func tries(of topic: String, now: ContinuousClock.Instant = .now) -> MQTTOutlet.Tries? {
    entries.withLock { entries in
      guard let entry = entries[topic] else { return MQTTOutlet.Tries() }
      guard let heldUntil = entry.heldUntil else { return entry.tries }
      if now < heldUntil { return nil }
      entries[topic] = nil
      return MQTTOutlet.Tries()
    }
  }

  /// - Returns: whether it is set aside from now on.
  func note(_ tries: MQTTOutlet.Tries, of topic: String, now: ContinuousClock.Instant = .now) -> Bool {
    entries.withLock { entries in
      guard tries.cuts > 0 else {
        entries[topic] = nil
        return false
      }
      if entries[topic] == nil, entries.count >= Self.maximumTopics,
        let other = entries.first(where: { $0.value.heldUntil == nil })?.key ?? entries.keys.first
      {
        entries[other] = nil
      }
      entries[topic] = Entry(tries: tries, heldUntil: tries.areHopeless ? now + Self.hold : nil)
      return tries.areHopeless
    }
  }
}

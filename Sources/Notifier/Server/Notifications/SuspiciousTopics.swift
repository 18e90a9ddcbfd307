import Mosquitto
import Synchronization

/// Remembers, between the Registry's attempts, the notifications during which the connection broke. A notification
/// for which the broker ends the connection again and again is not tried for a while, so that all others get through.
final class SuspiciousTopics: Sendable {
  private struct Entry {
    var tries = MQTTOutlet.Tries()
    /// When it may be tried again; nil if at once.
    var heldUntil: ContinuousClock.Instant?
  }

  private static let maximumTopics = 1_024
  private static let hold = Duration.seconds(600)

  private let entries = Mutex<[String: Entry]>([:])

  /// How the notification fared so far.
  ///
  /// - Returns: nil while it is set aside.
  func tries(of topic: String, now: ContinuousClock.Instant = .now) -> MQTTOutlet.Tries? {
    entries.withLock { entries in
      guard let entry = entries[topic] else { return MQTTOutlet.Tries() }
      guard let heldUntil = entry.heldUntil else { return entry.tries }
      if now < heldUntil { return nil }
      entries[topic] = nil
      return MQTTOutlet.Tries()
    }
  }

  /// Remembers how an attempt ended.
  ///
  /// - Returns: whether the notification is set aside from now on.
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

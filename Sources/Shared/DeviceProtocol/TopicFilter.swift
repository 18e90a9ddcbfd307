internal import Foundations

/// A topic, or a filter of MQTT with its wildcards, below an app's prefix. Topics are bytes.
package struct TopicFilter: Sendable, Hashable {
  private static let anyLevel: ByteText = "+"
  private static let allTheRest: ByteText = "#"

  private let levels: [ByteText]

  /// Nil if it is empty, begins with "/", or has a wildcard that is not a level of its own, or a "#" that is not last.
  package init?(_ text: String) {
    levels = text.levelsOfTopic.map { ByteText($0) }
    guard let first = levels.first, levels.count == 1 || !first.text.isEmpty, !text.isEmpty else { return nil }
    for (index, level) in levels.enumerated()
    where level.text.utf8.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }) {
      guard level == Self.anyLevel || (level == Self.allTheRest && index == levels.count - 1) else { return nil }
    }
  }

  /// Nothing but itself matches it.
  package var isTopic: Bool { !levels.contains { $0 == Self.anyLevel || $0 == Self.allTheRest } }

  /// Whether all that the other one matches is matched by this one; of a topic: whether this one matches it.
  package func covers(_ other: TopicFilter) -> Bool {
    var (mine, theirs) = (levels[...], other.levels[...])
    while let level = mine.popFirst() {
      // "a/#" matches "a" too.
      if level == Self.allTheRest { return true }
      guard let candidate = theirs.popFirst() else { return false }
      if candidate == Self.allTheRest || (candidate == Self.anyLevel && level != Self.anyLevel) { return false }
      guard level == Self.anyLevel || level == candidate else { return false }
      if theirs.isEmpty, mine == [Self.allTheRest] { return true }
    }
    return theirs.isEmpty
  }
}

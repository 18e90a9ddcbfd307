import Foundations

/// A topic of an app, or an MQTT filter of such topics with wildcards, as an app writes it: without the prefix of
/// ``AppTopics``. Levels are compared as bytes.
package struct TopicFilter: Sendable, Hashable {
  private static let anyLevel: ByteText = "+"
  private static let allTheRest: ByteText = "#"

  private let levels: [ByteText]

  /// Reads a text; nil if it is empty, begins with "/", or has a wildcard that is not a level of its own, or a "#"
  /// that is not last.
  package init?(_ text: String) {
    levels = text.levelsOfTopic.map { ByteText($0) }
    guard let first = levels.first, levels.count == 1 || !first.text.isEmpty, !text.isEmpty else { return nil }
    for (index, level) in levels.enumerated()
    where level.text.utf8.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }) {
      guard level == Self.anyLevel || (level == Self.allTheRest && index == levels.count - 1) else { return nil }
    }
  }

  /// Whether it has no wildcards, so that nothing but itself matches it.
  package var isTopic: Bool { !levels.contains { $0 == Self.anyLevel || $0 == Self.allTheRest } }

  /// Whether this filter matches all that the other one matches; if the other is a topic: whether this filter matches
  /// it.
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

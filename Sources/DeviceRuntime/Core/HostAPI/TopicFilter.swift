/// A topic, or a filter of MQTT with its wildcards, below an app's prefix.
struct TopicFilter: Sendable, Hashable {
  private let levels: [Substring]

  /// Nil if it is empty, begins with "/", or has a wildcard that is not a level of its own, or a "#" that is not last.
  init?(_ text: String) {
    guard !text.isEmpty, !text.hasPrefix("/") else { return nil }
    levels = text.split(separator: "/", omittingEmptySubsequences: false)
    for (index, level) in levels.enumerated() where level.contains(where: { $0 == "+" || $0 == "#" }) {
      guard level == "+" || (level == "#" && index == levels.count - 1) else { return nil }
    }
  }

  /// Nothing but itself matches it.
  var isTopic: Bool { !levels.contains { $0 == "+" || $0 == "#" } }

  /// Whether all that the other one matches is matched by this one; of a topic: whether this one matches it.
  func covers(_ other: TopicFilter) -> Bool {
    var (mine, theirs) = (levels[...], other.levels[...])
    while let level = mine.popFirst() {
      // "a/#" matches "a" too.
      if level == "#" { return true }
      guard let candidate = theirs.popFirst() else { return false }
      if candidate == "#" || (candidate == "+" && level != "+") { return false }
      guard level == "+" || level == candidate else { return false }
      if theirs.isEmpty, mine == ["#"] { return true }
    }
    return theirs.isEmpty
  }
}

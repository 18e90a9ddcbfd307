/// Finds what somebody probably meant to type.
enum Spelling {
  /// The candidate nearest to `text`, or nil when none is near: at most one edit for every four characters, and at
  /// most three.
  static func closest(to text: String, among candidates: [String]) -> String? {
    let bound = min(3, max(1, text.count / 4))
    return candidates.map { (candidate: $0, edits: edits(from: text, to: $0)) }
      .filter { $0.edits <= bound }
      .min { $0.edits < $1.edits }?
      .candidate
  }

  /// How many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment).
  static func edits(from: String, to: String) -> Int {
    let a = Array(from)
    let b = Array(to)
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i] + Array(repeating: 0, count: b.count)
      for j in 1...b.count {
        let change = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        current[j] = min(change, previous[j] + 1, current[j - 1] + 1)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          current[j] = min(current[j], beforePrevious[j - 2] + 1)
        }
      }
      beforePrevious = previous
      previous = current
    }
    return previous[b.count]
  }
}

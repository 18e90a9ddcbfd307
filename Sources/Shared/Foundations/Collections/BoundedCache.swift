/// A dictionary of at most `capacity` entries. The entry that was used longest ago gives way.
package struct BoundedCache<Key: Hashable, Value> {
  private struct Entry {
    var value: Value
    var lastUse: UInt64
  }

  let capacity: Int
  private var entries: [Key: Entry] = [:]
  private var uses: UInt64 = 0

  /// - Parameter capacity: in entries, at least 1.
  package init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  var count: Int { entries.count }

  /// Reading an entry is a use of it.
  package subscript(key: Key) -> Value? {
    mutating get {
      guard let index = entries.index(forKey: key) else { return nil }
      uses += 1
      entries.values[index].lastUse = uses
      return entries.values[index].value
    }
    set {
      uses += 1
      entries[key] = newValue.map { Entry(value: $0, lastUse: uses) }
      if entries.count > capacity { evict() }
    }
  }

  /// Drops the older half at once, so that the cost of looking for the oldest is paid once in
  /// `capacity / 2` insertions.
  private mutating func evict() {
    let ages = entries.values.map(\.lastUse).sorted()
    let oldestKept = ages[ages.count / 2]
    entries = entries.filter { $0.value.lastUse >= oldestKept }
  }
}

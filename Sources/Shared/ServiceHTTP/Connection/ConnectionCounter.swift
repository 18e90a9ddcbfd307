import Synchronization

/// How many connections a server has.
final class ConnectionCounter: Sendable {
  private let count = Atomic(0)

  /// Returns the number with the new one.
  func opened() -> Int { count.add(1, ordering: .relaxed).newValue }

  func closed() { count.subtract(1, ordering: .relaxed) }

  var current: Int { count.load(ordering: .relaxed) }
}

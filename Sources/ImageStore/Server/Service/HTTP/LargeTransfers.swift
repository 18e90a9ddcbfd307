import Synchronization

/// Bounds how many images are sent in large pieces at once, which are faster and hold nearly a megabyte each for as long
/// as their client takes nothing. Further ones are sent in small pieces.
final class LargeTransfers: Sendable {
  /// 24 MiB, for more clients at once than a machine can be fast for.
  private static let maximum = 32
  private let count = Atomic(0)

  func begin() -> Bool {
    if count.add(1, ordering: .relaxed).newValue <= Self.maximum { return true }
    end()
    return false
  }

  func end() { count.subtract(1, ordering: .relaxed) }
}

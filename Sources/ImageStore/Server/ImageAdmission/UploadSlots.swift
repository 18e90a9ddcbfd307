import Synchronization

/// Bounds how many uploads go on at once: each holds some batches in memory, and a file.
///
/// An owner who has a quarter of the slots gets further ones only while a quarter is left for others, so that no
/// single one, however slowly it sends, keeps everybody out.
package final class UploadSlots: Sendable {
  /// How many uploads may go on at once.
  package let capacity: Int
  private let share: Int
  private let used = Mutex<(total: Int, byOwner: [String: Int])>((0, [:]))

  /// - Parameter capacity: how many uploads at once.
  package init(capacity: Int) {
    self.capacity = capacity
    share = capacity / 4
  }

  /// How many uploads go on now.
  package var inUse: Int { used.withLock { $0.total } }

  /// Runs `body` in a slot, or returns nil at once if none is free for the owner.
  ///
  /// - Parameter owner: whose the upload is: the name of a token, or an address.
  package func withSlot<Value>(of owner: String, _ body: () async throws -> Value) async rethrows -> Value? {
    let isTaken = used.withLock { used in
      let own = used.byOwner[owner, default: 0]
      guard used.total < (own < share ? capacity : capacity - share) else { return false }
      used.total += 1
      used.byOwner[owner] = own + 1
      return true
    }
    guard isTaken else { return nil }
    defer {
      used.withLock { used in
        used.total -= 1
        let left = (used.byOwner[owner] ?? 1) - 1
        used.byOwner[owner] = left > 0 ? left : nil
      }
    }
    return try await body()
  }
}

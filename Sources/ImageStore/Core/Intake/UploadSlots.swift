import Synchronization

/// Bounds how many uploads go on at once: each holds some batches in memory, and a file.
final class UploadSlots: Sendable {
  let capacity: Int
  private let used = Mutex(0)

  init(capacity: Int) {
    self.capacity = capacity
  }

  var inUse: Int { used.withLock { $0 } }

  /// Runs `body` in a slot, or returns nil at once if none is free.
  func withSlot<Value>(_ body: () async throws -> Value) async rethrows -> Value? {
    let isTaken = used.withLock { used in
      guard used < capacity else { return false }
      used += 1
      return true
    }
    guard isTaken else { return nil }
    defer { used.withLock { $0 -= 1 } }
    return try await body()
  }
}

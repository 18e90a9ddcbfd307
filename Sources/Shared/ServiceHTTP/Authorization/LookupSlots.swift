import Synchronization

/// Bounds how many tokens from addresses that failed too often are looked up at once.
///
/// Looking one up takes the Registry a millisecond, so there is a free slot unless somebody floods it.
final class LookupSlots: Sendable {
  private static let capacity = 64
  private let used = Atomic(0)

  /// - Throws: `ProblemError` 503 if none is free.
  func withSlot<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    defer { used.subtract(1, ordering: .relaxed) }
    guard used.add(1, ordering: .relaxed).newValue <= Self.capacity else {
      throw ProblemError.unavailable(
        reason: "authorization-busy", detail: "too many tokens wait to be looked up; try again")
    }
    return try await body()
  }
}

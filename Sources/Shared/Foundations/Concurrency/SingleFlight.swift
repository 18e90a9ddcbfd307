/// Lets callers that ask for the same thing at once share one computation.
package actor SingleFlight<Key: Hashable & Sendable, Value: Sendable> {
  private var running: [Key: Task<Value, any Error>] = [:]

  package init() {}

  /// The value that `compute` gives, or the one that another caller is already computing.
  ///
  /// A cancelled caller leaves the computation to the others. Results are not kept.
  package func value(for key: Key, _ compute: @escaping @Sendable () async throws -> Value) async throws -> Value {
    if let task = running[key] { return try await task.value }
    let task = Task { try await compute() }
    running[key] = task
    defer { running[key] = nil }
    return try await task.value
  }
}

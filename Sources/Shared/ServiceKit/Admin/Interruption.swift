import UnixSignals

/// Runs the body until it ends, or until SIGINT or SIGTERM cancels it, so that it can then say how far it came.
///
/// - Throws: what the body throws; after a signal that is most often a `CancellationError`.
package func untilInterrupted<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
  return try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      for await _ in signals { return nil }
      return nil
    }
    while let result = try await group.next() {
      group.cancelAll()
      if let value = result { return value }
    }
    throw CancellationError()
  }
}

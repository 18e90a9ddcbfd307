/// Waits until the task is cancelled, for a peer that never answers.
package func untilCancelled() async throws -> Never {
  let (nothing, source) = AsyncStream<Never>.makeStream()
  // The stream ends by cancellation alone, as long as its other end is there.
  for await _ in nothing {}
  withExtendedLifetime(source) {}
  throw CancellationError()
}

import Foundations
import ProvisionerDomain
import ServiceLifecycle
import Synchronization

/// Gathers what many tasks ask for at once and has it done together, as a commit costs the same for one as for many.
///
/// Nobody waits for a batch to fill: what is there when a worker is free is a batch.
final class BatchQueue<Item: Sendable, Outcome: Sendable>: Service {
  typealias Results = [Result<Outcome, any Error>]

  private struct Waiting {
    let item: Item
    let continuation: CheckedContinuation<Outcome, any Error>
  }

  private struct State {
    var waiting: [Waiting] = []
    var idleWorkers: [CheckedContinuation<[Waiting], Never>] = []
    var isClosed = false
  }

  private let maximumBatch: Int
  private let workerCount: Int
  private let queueLimit: Int
  private let process: @Sendable ([Item]) async -> Results
  private let state = Mutex(State())

  /// - Parameters:
  ///   - maximumBatch: how many items are done together.
  ///   - workerCount: how many batches are under way at once.
  ///   - queueLimit: how many items may wait; more are refused as overloaded.
  ///   - process: gives one result for each item, in order.
  init(
    maximumBatch: Int, workerCount: Int, queueLimit: Int, process: @escaping @Sendable ([Item]) async -> Results
  ) {
    self.maximumBatch = maximumBatch
    self.workerCount = workerCount
    self.queueLimit = queueLimit
    self.process = process
  }

  /// Waits until the item was done. An item once handed in is done even if its task is cancelled.
  func submit(_ item: Item) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      let refusal: RequestFailure? = state.withLock { state in
        if state.isClosed { return .shuttingDown }
        guard state.waiting.count < queueLimit else { return .tooManyEnrolments }
        state.waiting.append(Waiting(item: item, continuation: continuation))
        return nil
      }
      if let refusal { continuation.resume(throwing: refusal) } else { wakeWorker() }
    }
  }

  /// Works until the process shuts down, and then until nobody waits.
  func run() async throws {
    await withTaskCancellationOrGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        for _ in 0..<workerCount { group.addTask { await self.work() } }
      }
    } onCancelOrGracefulShutdown: {
      self.close()
    }
  }

  private func work() async {
    while true {
      let batch = await next()
      if batch.isEmpty { return }
      let results = await process(batch.map(\.item))
      precondition(results.count == batch.count, "one result for each item")
      for (waiting, result) in zip(batch, results) { waiting.continuation.resume(with: result) }
    }
  }

  /// Empty when there will be no more.
  private func next() async -> [Waiting] {
    await withCheckedContinuation { continuation in
      let batch: [Waiting]? = state.withLock { state in
        if state.waiting.isEmpty, !state.isClosed {
          state.idleWorkers.append(continuation)
          return nil
        }
        return Self.take(&state, maximumBatch)
      }
      if let batch { continuation.resume(returning: batch) }
    }
  }

  private func wakeWorker() {
    let woken: (CheckedContinuation<[Waiting], Never>, [Waiting])? = state.withLock { state in
      guard !state.waiting.isEmpty, let worker = state.idleWorkers.popLast() else { return nil }
      return (worker, Self.take(&state, maximumBatch))
    }
    if let (worker, batch) = woken { worker.resume(returning: batch) }
  }

  private static func take(_ state: inout State, _ limit: Int) -> [Waiting] {
    let batch = Array(state.waiting.prefix(limit))
    state.waiting.removeFirst(batch.count)
    return batch
  }

  private func close() {
    let idle = state.withLock { state in
      state.isClosed = true
      defer { state.idleWorkers = [] }
      return state.idleWorkers
    }
    for worker in idle { worker.resume(returning: []) }
  }
}

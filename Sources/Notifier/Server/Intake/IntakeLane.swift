import Logging
import Messaging
import Metrics
import Synchronization

/// The way of one kind of what devices tell, from the connection to the Registry: a bounded buffer, and the task that
/// empties it.
final class IntakeLane<Buffer: IntakeBuffer, Outcome: Sendable>: Sendable {
  typealias Recorder = BatchRecorder<Buffer.Item, Outcome>

  private struct State: Sendable {
    var buffer: Buffer
    var isFinished = false
    var taker: CheckedContinuation<Void, Never>?
  }

  private let bounds: BatchBounds
  private let gatherTime: Duration
  private let recorder: Recorder
  private let settle: @Sendable (Recorder.Answers) async -> Void
  private let state: Mutex<State>
  private let waiting: Gauge

  /// - Parameters:
  ///   - waiting: shows the buffer's `fill`.
  ///   - bounds: of one batch.
  ///   - gatherTime: how long the first of a batch waits for others, at most.
  ///   - settle: told what the Registry answered, batch by batch.
  init(
    _ buffer: Buffer, waiting: Gauge, bounds: BatchBounds, gatherTime: Duration = .zero, recorder: Recorder,
    settle: @escaping @Sendable (Recorder.Answers) async -> Void
  ) {
    self.waiting = waiting
    self.bounds = bounds
    self.gatherTime = gatherTime
    self.recorder = recorder
    self.settle = settle
    state = Mutex(State(buffer: buffer))
  }

  /// Looks at the buffer.
  func read<Value: Sendable>(_ body: (Buffer) -> Value) -> Value { state.withLock { body($0.buffer) } }

  /// Brings the metric of what waits up to date. To be called before it is read: while the Registry is away no batch is
  /// taken, and what comes waits all the same.
  func recordFill() {
    waiting.record(read(\.fill))
  }

  /// Adds to the buffer, and wakes whoever empties it.
  func update<Value: Sendable>(_ body: (inout Buffer) -> Value) -> Value {
    let (taker, value) = state.withLock { state in
      let value = body(&state.buffer)
      return (state.buffer.isEmpty ? nil : state.taker.take(), value)
    }
    taker?.resume()
    return value
  }
}

/// What a connection's messages are recorded by, whatever they are.
protocol RecordingLane: Sendable {
  /// Records what comes; returns after `finish()` when nothing is left, or when the task is cancelled.
  func run() async

  /// Says that nothing more will be added.
  func finish()
}

extension IntakeLane: RecordingLane {
  func finish() {
    state.withLock { state in
      state.isFinished = true
      return state.taker.take()
    }?.resume()
  }

  func run() async {
    while await waitForItems(), !Task.isCancelled {
      // While one batch is recorded the next gathers by itself; this is for the first after a silence.
      if gatherTime > .zero, read(\.count) < bounds.items { try? await Task.sleep(for: gatherTime) }
      let items = state.withLock { $0.buffer.take(within: bounds) }
      await recorder.record(items, settle: settle)
    }
  }

  /// Waits until the buffer holds something; false when it never will again.
  private func waitForItems() async -> Bool {
    await withCheckedContinuation { taker in
      let mayGoOn = state.withLock { state in
        if !state.buffer.isEmpty || state.isFinished { return true }
        state.taker = taker
        return false
      }
      if mayGoOn { taker.resume() }
    }
    return read { !$0.isEmpty }
  }
}

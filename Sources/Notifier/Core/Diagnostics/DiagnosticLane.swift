import Logging
import Messaging
import Metrics
import Synchronization

/// One kind of diagnostics from the connection to the Registry: a bounded buffer, and the task that empties it.
final class DiagnosticLane<Content: Sendable, Outcome: Sendable>: Sendable {
  typealias Item = DiagnosticBuffer<Content>.Item

  struct Options: Sendable {
    /// Of payloads that wait.
    var bufferBytes: Int
    /// Of one device.
    var itemsPerDevice: Int
    /// In one request to the Registry.
    var batchItems: Int
    var batchBytes: Int
  }

  private struct State: Sendable {
    var buffer: DiagnosticBuffer<Content>
    var isFinished = false
    var taker: CheckedContinuation<Void, Never>?
  }

  private let options: Options
  private let recorder: BatchRecorder<Item, Outcome>
  private let settle: @Sendable ([(item: Item, outcome: Outcome)]) async -> Void
  private let state: Mutex<State>
  private let received: Tally
  private let dropped: Tally
  private let waitingBytes: Gauge

  /// - Parameters:
  ///   - name: "log" or "crash", in metrics and logs.
  ///   - settle: told what the Registry answered.
  init(
    _ name: String, options: Options, registry: any RPCCaller, logger: Logger,
    record: @escaping BatchRecorder<Item, Outcome>.Attempt,
    settle: @escaping @Sendable ([(item: Item, outcome: Outcome)]) async -> Void
  ) {
    self.options = options
    self.settle = settle
    recorder = BatchRecorder(
      name, pace: .init(batchItems: options.batchItems), logger: logger, describe: { "\($0.device)" },
      canStore: { await registry.canStore() }, attempt: record)
    state = Mutex(
      State(
        buffer: DiagnosticBuffer(maximumBytes: options.bufferBytes, maximumPerDevice: options.itemsPerDevice)))
    received = Tally(label: "notifier_\(name)_messages_received_total")
    dropped = Tally(label: "notifier_\(name)_messages_dropped_total")
    waitingBytes = Gauge(label: "notifier_\(name)_waiting_bytes")
  }

  var receivedMessages: Int { received.value }
  var droppedMessages: Int { dropped.value }
  var waitingMessages: Int { state.withLock { $0.buffer.count } }

  func add(_ item: Item) {
    received.increment()
    let (taker, isTaken) = state.withLock { state in
      let isTaken = state.buffer.add(item)
      defer { state.taker = nil }
      return (state.taker, isTaken)
    }
    if !isTaken { dropped.increment() }
    taker?.resume()
  }

  /// Nothing more will be added.
  func finish() {
    let taker = state.withLock { state in
      state.isFinished = true
      defer { state.taker = nil }
      return state.taker
    }
    taker?.resume()
  }

  /// Records what comes; returns after `finish()` when nothing is left, or when the task is cancelled.
  func run() async {
    while await waitForItems(), !Task.isCancelled {
      let (items, left) = state.withLock { state in
        let items = state.buffer.take(maximumItems: options.batchItems, maximumBytes: options.batchBytes)
        return (items, state.buffer.sizeBytes)
      }
      waitingBytes.record(left)
      await recorder.record(items) { await settle($0) }
    }
  }

  /// False when there never will be any again.
  private func waitForItems() async -> Bool {
    await withCheckedContinuation { taker in
      let mayGoOn = state.withLock { state in
        if !state.buffer.isEmpty || state.isFinished { return true }
        state.taker = taker
        return false
      }
      if mayGoOn { taker.resume() }
    }
    return state.withLock { !$0.buffer.isEmpty }
  }
}

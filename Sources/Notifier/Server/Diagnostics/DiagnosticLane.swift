import Logging
import Messaging
import Metrics
import ServiceKit

/// Log lines or crash reports on their way from the connection to the Registry, counted.
struct DiagnosticLane<Content: Sendable, Outcome: Sendable>: Sendable {
  typealias Lane = IntakeLane<DiagnosticBuffer<Content>, Outcome>

  /// What bounds the lane.
  struct Options: Sendable {
    /// Bytes of payloads that may wait.
    var bufferBytes: Int
    /// How many items of one device may wait.
    var itemsPerDevice: Int
    /// How much one request to the Registry may have.
    var batch: BatchBounds
  }

  let lane: Lane
  private let received: Tally
  private let dropped: Tally

  /// - Parameters:
  ///   - name: "log" or "crash", in metrics and logs.
  ///   - plural: "logs" or "crashes", in metrics.
  ///   - settle: told what the Registry answered.
  init(
    _ name: String, plural: String, options: Options, registry: any RPCCaller, logger: Logger,
    record: @escaping Lane.Recorder.Attempt, settle: @escaping @Sendable (Lane.Recorder.Answers) async -> Void
  ) {
    lane = IntakeLane(
      DiagnosticBuffer(maximumBytes: options.bufferBytes, maximumPerDevice: options.itemsPerDevice),
      waiting: Gauge(label: "notifier_\(name)_waiting_bytes"), bounds: options.batch,
      recorder: BatchRecorder(
        name, plural: plural, pace: .init(batchItems: options.batch.items), logger: logger,
        describe: { "\($0.device)" },
        canStore: { await registry.canStore() }, attempt: record),
      settle: settle)
    received = Tally(label: "notifier_\(name)_messages_received_total")
    dropped = Tally(label: "notifier_\(name)_messages_dropped_total")
  }

  var receivedMessages: Int { received.value }
  var droppedMessages: Int { dropped.value }
  var waitingMessages: Int { lane.read(\.count) }

  /// Counts an item and puts it in, or drops it if there is no place for it.
  func add(_ item: DiagnosticBuffer<Content>.Item) {
    received.increment()
    if !lane.update({ $0.add(item) }) { dropped.increment() }
  }
}

import Metrics
import Mosquitto
import Synchronization

/// What a connection to the broker has under way, as metrics.
final class ConnectionFigures: Sendable {
  private let client: MQTTClient
  private let inFlight: Gauge
  private let waiting: Gauge
  private let dropped: Counter
  /// How many dropped messages are counted.
  private let counted = Atomic<UInt64>(0)

  init(of broker: BrokerConnection) {
    let dimensions = [("connection", broker.purpose)]
    client = broker.client
    inFlight = Gauge(label: "notifier_broker_publishes_in_flight", dimensions: dimensions)
    waiting = Gauge(label: "notifier_broker_messages_waiting", dimensions: dimensions)
    dropped = Counter(label: "notifier_broker_messages_dropped_total", dimensions: dimensions)
  }

  /// Brings the metrics up to date. To be called before they are read: they change with every message.
  func record() {
    inFlight.record(client.publishesInFlight)
    waiting.record(client.waitingMessages)
    let total = client.droppedMessages
    let before = counted.exchange(total, ordering: .relaxed)
    if total > before { dropped.increment(by: Int64(clamping: total - before)) }
  }
}

import Logging
import Metrics
import Mosquitto
import ServiceLifecycle
import Wire

/// One of the Notifier's connections to the broker, kept up while the process runs.
///
/// Reports, and logs with crashes, come on connections of their own, so that a pause of theirs holds up no PUBACK and
/// no flood of lines a report.
///
/// All connect with a clean start and no session expiry: the broker forgets them as soon as the
/// connection ends. A shared subscription would otherwise go on giving messages to the session of a replica that is
/// dead, where nobody reads them. What is lost with a session are reports that devices repeat until they are
/// acknowledged.
final class BrokerConnection: Service {
  let client: MQTTClient
  let purpose: String
  private let logger: Logger
  private let connected: Gauge
  private let onConnect: (@Sendable (MQTTClient) async -> Void)?

  /// - Parameters:
  ///   - purpose: `publisher`, `reports` or `diagnostics`, in logs and metrics.
  ///   - onConnect: runs after each connection is made, one at a time.
  init(
    options: MQTTClientOptions, purpose: String, logger: Logger,
    onConnect: (@Sendable (MQTTClient) async -> Void)? = nil
  ) throws(MQTTError) {
    client = try MQTTClient(options: options)
    self.purpose = purpose
    self.logger = logger
    self.onConnect = onConnect
    connected = Gauge(label: "notifier_broker_connected", dimensions: [("connection", purpose)])
  }

  var isConnected: Bool { client.isConnected }

  /// The answer to requests while there is no connection.
  static let unavailable = WireFailure(
    .unavailable, reason: "broker-unavailable",
    message: "the notifier has no connection to the MQTT broker: nothing was published; try again later",
    retryAfterMilliseconds: 500)

  /// Runs until graceful shutdown or cancellation, and says goodbye then.
  func run() async throws {
    try client.start()
    await withTaskGroup { group in
      group.addTask { await self.follow() }
      try? await gracefulShutdown()
      await self.client.close()
      // The events end with the client, and with them the task.
    }
  }

  /// Subscribes; tries again for as long as the broker refuses.
  func subscribe(to filters: [String]) async {
    for filter in filters {
      while !Task.isCancelled {
        do throws(MQTTError) {
          try await client.subscribe(to: filter, timeout: nil)
          break
        } catch {
          if error.code == .cancelled || error.code == .closed { return }
          logger.error(
            "the broker refuses a subscription; check its access rules",
            metadata: ["connection": "\(purpose)", "filter": "\(filter)", "error": "\(error)"])
          try? await Task.sleep(for: .seconds(5))
        }
      }
    }
  }

  /// Follows the connection until the client is closed.
  func follow() async {
    await withDiscardingTaskGroup { group in
      await follow { filter in
        // A broker whose rules were wrong for a moment must not stay unheard until somebody restarts this.
        group.addTask {
          do { try await Task.sleep(for: Self.resubscribePause) } catch { return }
          await self.subscribe(to: [filter])
        }
      }
      group.cancelAll()
    }
  }

  private static let resubscribePause = Duration.seconds(5)

  private func follow(onLoss: (_ filter: String) -> Void) async {
    var lastProblem: String?
    for await event in client.events {
      switch event {
      case .connected(let sessionPresent):
        connected.record(1)
        lastProblem = nil
        logger.info(
          "connected to the broker",
          metadata: ["connection": "\(purpose)", "session_present": "\(sessionPresent)"])
        await onConnect?(client)
      case .disconnected(let error):
        connected.record(0)
        // An outage says the same at every attempt.
        if lastProblem != error.message {
          logger.warning(
            "no connection to the broker", metadata: ["connection": "\(purpose)", "error": "\(error)"])
        }
        lastProblem = error.message
      case .subscriptionLost(let filter, let error):
        logger.error(
          "the broker refuses a subscription it had granted; check its access rules",
          metadata: ["connection": "\(purpose)", "filter": "\(filter)", "error": "\(error)"])
        onLoss(filter)
      }
    }
    connected.record(0)
  }
}

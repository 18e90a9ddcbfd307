import Foundations
import Messaging
import Metrics
import Mosquitto
import Wire

/// Ends the live session of a device at the broker, and what the broker keeps for it.
///
/// A broker ends a connection when another client comes with its ID, so this connects with the device's, asks for a
/// clean start and leaves. Devices can't do that to each other: on their listener the broker takes the ID from the
/// certificate. A device whose certificate is still good comes back at once; one that was revoked can't.
struct SessionEviction: Sendable {
  /// How to reach the broker; the client ID is the device's instead.
  let broker: MQTTClientOptions
  private let evicted = Counter(label: "notifier_sessions_ended_total")

  init(broker: MQTTClientOptions) {
    self.broker = broker
  }

  /// - Parameter timeout: for the broker's answer.
  /// - Throws: `unavailable` if the broker can't be reached in that time.
  func evict(_ device: DeviceID, timeout: Duration) async throws(WireFailure) {
    var options = broker
    options.clientID = "\(device)"
    options.cleanStart = true
    options.sessionExpirySeconds = 0
    options.will = nil
    do throws(MQTTError) {
      let client = try MQTTClient(options: options)
      try client.start()
      do throws(MQTTError) {
        try await client.waitUntilConnected(timeout: timeout)
      } catch {
        await client.close()
        throw error
      }
      await client.close()
    } catch {
      throw WireFailure(
        .unavailable, reason: "broker-unavailable",
        message: "the session of \(device) could not be ended: \(error.message)")
    }
    evicted.increment()
  }
}

import Foundations
import Logging
import Mosquitto

/// Tells devices what is stored, so that they need not say it again. At QoS 0: a lost one costs one more message.
struct Acknowledgements: Sendable {
  private let publisher: BrokerConnection
  private let logger: Logger

  init(publisher: BrokerConnection, logger: Logger) {
    self.publisher = publisher
    self.logger = logger
  }

  /// - Parameter messages: devices, each with the JSON for it.
  func send(_ messages: [(device: DeviceID, payload: String)]) async {
    await withTaskGroup { group in
      for (device, payload) in messages {
        group.addTask {
          do throws(MQTTError) {
            try await publisher.client.publish(
              topic: "/devices/\(device)/ack", payload: Array(payload.utf8), qos: .atMostOnce, timeout: .seconds(2))
          } catch {
            logger.debug("An acknowledgement was not sent", metadata: ["device": "\(device)", "error": "\(error)"])
          }
        }
      }
    }
  }
}

import DeviceProtocol
import Foundations
import Logging
import Mosquitto

/// Tells devices what is stored, so that they need not say it again. It is sent at QoS 0: a lost one costs one more
/// message.
struct Acknowledgements: Sendable {
  private let publisher: BrokerConnection
  private let logger: Logger

  init(publisher: BrokerConnection, logger: Logger) {
    self.publisher = publisher
    self.logger = logger
  }

  func send(_ messages: [(device: DeviceID, message: AcknowledgementMessage)]) async {
    await withTaskGroup { group in
      for (device, message) in messages {
        group.addTask {
          do throws(MQTTError) {
            try await publisher.client.publish(
              topic: DeviceTopic(.acknowledgement, of: device).name, payload: message.payload, qos: .atMostOnce,
              timeout: .seconds(2))
          } catch {
            logger.debug("an acknowledgement was not sent", metadata: ["device": "\(device)", "error": "\(error)"])
          }
        }
      }
    }
  }
}

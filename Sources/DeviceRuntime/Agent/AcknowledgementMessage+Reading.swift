package import DeviceProtocol
import TextFormats

extension AcknowledgementMessage {
  /// Reads what came on the `ack` topic, which may be anything; whatever can't be read is left out.
  package static func read(_ payload: [UInt8]) -> AcknowledgementMessage {
    guard payload.count <= DeviceLimit.acknowledgementBytes.value else { return AcknowledgementMessage() }
    return (try? JSONCoding.decode(AcknowledgementMessage.self, from: payload)) ?? AcknowledgementMessage()
  }
}

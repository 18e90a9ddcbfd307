import DeviceProtocol
import Foundations
import Mosquitto

extension TraceContext {
  /// As it goes beside a message.
  var userProperties: [MQTTUserProperty] { properties.map { MQTTUserProperty($0.name.rawValue, $0.value) } }

  /// What came beside a message.
  init?(_ properties: [MQTTUserProperty]) {
    self.init(property: { properties[$0.rawValue] })
  }
}

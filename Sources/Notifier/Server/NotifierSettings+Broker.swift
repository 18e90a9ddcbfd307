import Mosquitto
import ServiceKit

extension BrokerPassword {
  /// - Throws: `AdminError` for a file that can't be used.
  init(_ settings: NotifierSettings) throws {
    if let path = settings.brokerPasswordFile {
      try self.init(file: path, setting: NotifierSettings.brokerPasswordFileSetting.environmentName)
    } else {
      self.init(settings.brokerPassword)
    }
  }
}

extension NotifierSettings {
  /// The options of one connection to the broker.
  func brokerOptions(
    clientID: String, _ password: BrokerPassword, _ tls: MQTTTLS?
  ) -> MQTTClientOptions {
    var options = MQTTClientOptions(host: brokerHost, port: UInt16(clamping: brokerPort), clientID: clientID)
    options.username = brokerUsername
    options.password = password.text
    options.tls = tls
    // The broker takes a silent replica for dead after one and a half of it, and gives its reports to others.
    options.keepAliveSeconds = 5
    options.maximumQueued = 16_384
    options.reconnectMaximumDelay = .seconds(2)
    return options
  }
}

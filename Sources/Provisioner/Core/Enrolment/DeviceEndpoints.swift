/// Where devices find what they need, as seen from them.
package struct DeviceEndpoints: Sendable, Equatable {
  package var mqttHost: String
  package var mqttPort: Int
  /// Base URLs.
  package var imageStoreURLs: [String]
  /// How often a device should state what it runs.
  package var heartbeatSeconds: Int

  package init(mqttHost: String, mqttPort: Int, imageStoreURLs: [String], heartbeatSeconds: Int) {
    self.mqttHost = mqttHost
    self.mqttPort = mqttPort
    self.imageStoreURLs = imageStoreURLs
    self.heartbeatSeconds = heartbeatSeconds
  }
}

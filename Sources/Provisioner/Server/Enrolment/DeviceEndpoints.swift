/// Where devices find what they need, as seen from them.
package struct DeviceEndpoints: Sendable, Equatable {
  package var mqttHost: String
  package var mqttPort: Int
  /// Base URLs.
  package var imageStoreURLs: [String]
  /// How often a device should state what it runs.
  package var heartbeatSeconds: Int
  /// Base URLs: where devices renew, report their OTP bank and get root documents.
  package var provisionerURLs: [String]

  package init(
    mqttHost: String, mqttPort: Int, imageStoreURLs: [String], provisionerURLs: [String] = [], heartbeatSeconds: Int
  ) {
    self.mqttHost = mqttHost
    self.mqttPort = mqttPort
    self.imageStoreURLs = imageStoreURLs
    self.provisionerURLs = provisionerURLs
    self.heartbeatSeconds = heartbeatSeconds
  }
}

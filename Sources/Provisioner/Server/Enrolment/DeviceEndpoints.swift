/// Where devices find what they need, as seen from them.
package struct DeviceEndpoints: Sendable, Equatable {
  /// The broker's host name or address.
  package var mqttHost: String
  /// The broker's port.
  package var mqttPort: Int
  /// The image stores' base URLs.
  package var imageStoreURLs: [String]
  /// How often a device should state what it runs, in seconds.
  package var heartbeatSeconds: Int
  /// The Provisioners' base URLs: where devices renew, report their OTP bank and get root documents.
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

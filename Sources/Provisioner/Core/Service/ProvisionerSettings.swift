package import Messaging
package import ServiceKit

/// What the Provisioner can be told.
package struct ProvisionerSettings: ServiceSettings {
  package let httpListen: ListenAddress
  package let rpcListen: String
  package let operationsListen: ListenAddress
  package let databaseURL: String
  package let databaseConnections: Int
  package let registryEndpoints: [String]
  package let devices: DeviceEndpoints
  package let authority: AuthoritySettings

  package static let serviceName = "provisioner"
  package static let busRole: BusRole? = .provisioner

  private static let httpListenSetting = Setting(
    "provisioner.http.listen", .listenAddress, .default("127.0.0.1:7111"), help: "Where HTTP is answered.")
  private static let rpcListenSetting = Setting(
    "provisioner.rpc.listen", .endpoint, .default("tcp://127.0.0.1:7112"), help: "Where the bus is answered.")
  private static let operationsListenSetting = Setting(
    "provisioner.operations.listen", .listenAddress, .default("127.0.0.1:7113"),
    help: "Where liveness, readiness and metrics are answered.")
  package static let databaseURLSetting = Setting(
    "database.url", .url(["postgresql", "postgres"]), .required,
    help: "The PostgreSQL database; the Provisioner keeps its tables in the schema provisioner.")
  private static let databaseConnectionsSetting = Setting(
    "database.connections", .integer(1...1_000), .default("10"),
    help: "How many connections to the database there are at most.")
  private static let registryEndpointsSetting = Setting(
    "registry.endpoints", .endpoints, .default("tcp://127.0.0.1:7102"), help: "Where the Registry answers on the bus.")
  private static let mqttHostSetting = Setting(
    "mqtt.host", .host, .default("127.0.0.1"),
    help: "The broker's host, for devices too unless device.mqtt.host is set.")
  private static let mqttPortSetting = Setting(
    "mqtt.port", .port, .default("1883"), help: "The broker's port, for devices too unless device.mqtt.port is set.")
  private static let deviceMQTTHostSetting = Setting(
    "device.mqtt.host", .host, .optional, help: "The broker's host as devices reach it.")
  private static let deviceMQTTPortSetting = Setting(
    "device.mqtt.port", .port, .optional, help: "The broker's port as devices reach it.")
  private static let imageStoreURLsSetting = Setting(
    "image-store.urls", .urls(["http", "https"]), .default("http://127.0.0.1:7121"),
    help: "The image stores' base URLs as devices reach them.")
  private static let heartbeatSetting = Setting(
    "device.heartbeat.seconds", .integer(1...86_400), .default("30"),
    help: "How often devices are told to state what they run, in seconds.")

  package static let allSettings: [any SettingDescription] =
    [
      httpListenSetting, rpcListenSetting, operationsListenSetting, databaseURLSetting, databaseConnectionsSetting,
      registryEndpointsSetting, mqttHostSetting, mqttPortSetting, deviceMQTTHostSetting, deviceMQTTPortSetting,
      imageStoreURLsSetting, heartbeatSetting,
    ] + AuthoritySettings.allSettings

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    httpListen = try reader.require(Self.httpListenSetting)
    rpcListen = try reader.require(Self.rpcListenSetting)
    operationsListen = try reader.require(Self.operationsListenSetting)
    databaseURL = try reader.require(Self.databaseURLSetting)
    databaseConnections = try reader.require(Self.databaseConnectionsSetting)
    registryEndpoints = try reader.require(Self.registryEndpointsSetting)
    let (mqttHost, mqttPort) = (try reader.require(Self.mqttHostSetting), try reader.require(Self.mqttPortSetting))
    devices = DeviceEndpoints(
      mqttHost: try reader.optional(Self.deviceMQTTHostSetting) ?? mqttHost,
      mqttPort: try reader.optional(Self.deviceMQTTPortSetting) ?? mqttPort,
      imageStoreURLs: try reader.require(Self.imageStoreURLsSetting),
      heartbeatSeconds: try reader.require(Self.heartbeatSetting))
    authority = try AuthoritySettings(&reader)
  }
}

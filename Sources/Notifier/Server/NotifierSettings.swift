import Messaging
import ServiceHosting
package import ServiceKit
package import Wire

/// The settings of `xtblish-notifier`; what each is for, its range and its default is said with its `Setting`.
/// `serviceName` and `busRole` are those of the process, and `allSettings` lists the settings for `check-config`.
///
/// - It answers at `rpcListen` and `operationsListen`, with the keys of `tls`, and asks the Registry at
///   `registryEndpoints`.
/// - It connects to the broker at `brokerHost` and `brokerPort` as `brokerUsername`, with `brokerPassword` or what is
///   in `brokerPasswordFile`.
/// - Notifications name one of `imageStoreURLs`, and wait `acknowledgementTimeout` for the broker.
/// - Reports gather for `reportGatherTime`, of at most `reportDevices`; presences are read again every
///   `presenceInterval`.
/// - `diagnosticBytes` of logs, and again of crashes, wait while the Registry is away.
package struct NotifierSettings: HostedServiceSettings {
  package let rpcListen: String
  package let operationsListen: ListenAddress
  package let registryEndpoints: [String]
  package let brokerHost: String
  package let brokerPort: Int
  package let brokerUsername: String?
  package let brokerPassword: String?
  package let brokerPasswordFile: String?
  package let tls: TLSSettings
  package let imageStoreURLs: [String]
  package let acknowledgementTimeout: Duration
  package let reportGatherTime: Duration
  package let reportDevices: Int
  package let presenceInterval: Duration
  package let diagnosticBytes: Int

  package static let serviceName = "notifier"
  package static let busRole: BusRole? = .notifier

  static let rpcListenSetting = Setting(
    "notifier.rpc.listen", .endpoint, .default("tcp://127.0.0.1:7132"),
    help: "Where peers and admin commands reach it over ZeroMQ.")
  static let operationsListenSetting = Setting(
    "notifier.operations.listen", .listenAddress, .default("127.0.0.1:7133"),
    help: "Where /livez, /readyz and /metrics are served.")
  static let registryEndpointsSetting = Setting(
    "registry.endpoints", .endpoints, .default("tcp://127.0.0.1:7102"),
    help: "The Registry's RPC endpoints, separated by commas.")
  static let brokerHostSetting = Setting(
    "mqtt.host", .host, .default("127.0.0.1"), help: "The MQTT broker.")
  static let brokerPortSetting = Setting(
    "mqtt.port", .port, .default("1883"), help: "The MQTT broker's port.")
  static let brokerUsernameSetting = Setting(
    "mqtt.username", .text, .optional, help: "The user name at the MQTT broker, if it wants one.")
  static let brokerPasswordSetting = Setting(
    "mqtt.password", .text, .optional, isSecret: true, help: "The password of that user.")
  static let brokerPasswordFileSetting = Setting(
    "mqtt.password-file", .path, .optional, help: "A file with that password, which its owner alone may read.")
  static let imageStoreURLsSetting = Setting(
    "image-store.urls", .urls(["http", "https"]), .default("http://127.0.0.1:7121"),
    help: "Public base URLs of the image stores, separated by commas; notifications name them in turn.")
  static let acknowledgementTimeoutSetting = Setting(
    "notifier.acknowledgement.seconds", .duration(.milliseconds(100)...(.seconds(60))), .default("4"),
    help: "How long the broker may take to acknowledge a notification, in seconds.")
  static let reportGatherTimeSetting = Setting(
    "notifier.reports.gather", .duration(.zero...(.milliseconds(50))), .default("10ms"),
    help: "How long the first report of a batch waits for others.")
  static let reportDevicesSetting = Setting(
    "notifier.reports.devices", .integer(1...1_000_000), .default("20000"),
    help: "Devices whose newest report is held while the Registry is away; further ones must repeat theirs.")
  static let presenceIntervalSetting = Setting(
    "notifier.presence.seconds", .duration(.seconds(1)...(.seconds(86_400))), .default("300"),
    help: "How often the presences that the broker keeps are read again, in seconds.")
  static let diagnosticBytesSetting = Setting(
    "notifier.diagnostics.bytes", .byteSize((1 << 20)...(1 << 30)), .default("16MiB"),
    help: "How much of devices' logs, and again of their crashes, is held while the Registry is away.")

  package static let allSettings: [any SettingDescription] =
    [
      rpcListenSetting, operationsListenSetting, registryEndpointsSetting, brokerHostSetting, brokerPortSetting,
      brokerUsernameSetting, brokerPasswordSetting, brokerPasswordFileSetting, imageStoreURLsSetting,
      acknowledgementTimeoutSetting, reportGatherTimeSetting, reportDevicesSetting, presenceIntervalSetting,
      diagnosticBytesSetting,
    ] + TLSSettings.allSettings

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    rpcListen = try reader.require(Self.rpcListenSetting)
    operationsListen = try reader.require(Self.operationsListenSetting)
    registryEndpoints = try reader.require(Self.registryEndpointsSetting)
    brokerHost = try reader.require(Self.brokerHostSetting)
    brokerPort = try reader.require(Self.brokerPortSetting)
    brokerUsername = try reader.optional(Self.brokerUsernameSetting)
    brokerPassword = try reader.optional(Self.brokerPasswordSetting)
    brokerPasswordFile = try reader.optional(Self.brokerPasswordFileSetting)
    tls = try TLSSettings(&reader)
    imageStoreURLs = try reader.require(Self.imageStoreURLsSetting)
    acknowledgementTimeout = try reader.require(Self.acknowledgementTimeoutSetting)
    reportGatherTime = try reader.require(Self.reportGatherTimeSetting)
    reportDevices = try reader.require(Self.reportDevicesSetting)
    presenceInterval = try reader.require(Self.presenceIntervalSetting)
    diagnosticBytes = try reader.require(Self.diagnosticBytesSetting)
    if brokerPassword != nil, brokerUsername == nil {
      reader.refuse(Self.brokerPasswordSetting, "a password needs \(Self.brokerUsernameSetting.environmentName) too")
    }
    if brokerPasswordFile != nil, brokerUsername == nil || brokerPassword != nil {
      reader.refuse(
        Self.brokerPasswordFileSetting,
        "the password's file needs \(Self.brokerUsernameSetting.environmentName), and no other password beside it")
    }
  }

  /// What must be set before the service may start, besides what each setting by itself demands.
  package func missing(isInsecure: Bool) -> [SettingProblem] {
    tls.missing(role: Self.serviceName, isInsecure: isInsecure)
  }
}

package import DeviceEnrolment
import ServiceHosting
package import ServiceKit
package import Wire

/// What the settings of a Provisioner say. Each property holds the setting whose help stands below.
///
/// - Where it answers: `httpListen`, `rpcListen`, `operationsListen`, and how HTTP is answered: `http`, `tls`.
/// - What it needs: `databaseURL`, `databaseConnections` (at most so many), `registryEndpoints`.
/// - Enrolment: `devices` is what devices are told of where they find the services, `isPublisherSignatureRequired`
///   whether they burn that they run only what a publisher signed, and `webhook` who is asked (nil: nobody).
/// - `authority`: the certificate authority's own settings.
package struct ProvisionerSettings: HostedServiceSettings {
  let httpListen: ListenAddress
  package let rpcListen: String
  package let operationsListen: ListenAddress
  package let databaseURL: String
  let databaseConnections: Int
  let registryEndpoints: [String]
  package let devices: DeviceEndpoints
  let authority: AuthoritySettings
  let tls: TLSSettings
  package let http: HTTPSettings
  let webhook: Webhook?
  let isPublisherSignatureRequired: Bool

  /// Who may veto enrolments: asked at `url`, whose certificate the authorities in `caFile` vouch for (nil: those of
  /// the system); `secretFile` has the secret that authenticates the questions (nil: none does).
  struct Webhook: Sendable {
    let url: String
    let caFile: String?
    let secretFile: String?
  }

  /// What the service is called in the names of its settings and of its executable.
  package static let serviceName = "provisioner"
  /// Its place on the services' bus.
  package static let busRole: BusRole? = .provisioner

  private static let httpListenSetting = Setting(
    "provisioner.http.listen", .listenAddress, .default("127.0.0.1:7111"), help: "Where HTTP is answered.")
  private static let rpcListenSetting = Setting(
    "provisioner.rpc.listen", .endpoint, .default("tcp://127.0.0.1:7112"), help: "Where the bus is answered.")
  private static let operationsListenSetting = Setting(
    "provisioner.operations.listen", .listenAddress, .default("127.0.0.1:7113"),
    help: "Where liveness, readiness and metrics are answered.")
  static let databaseURLSetting = Setting(
    "database.url", .url(["postgresql", "postgres"]), .required,
    help: """
      The PostgreSQL database; the Provisioner keeps its tables in the schema provisioner. Of several hosts with commas between \
      them the one that takes changes is used.
      """)
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
  private static let urlsSetting = Setting(
    "provisioner.urls", .urls(["http", "https"]), .optional,
    help: "The Provisioners' base URLs as devices reach them; otherwise where HTTP is answered.")
  private static let webhookURLSetting = Setting(
    "provisioner.enrolment.webhook-url", .url(["https", "http"]), .optional,
    help: "Asked before each device is enrolled; its answer {\"allow\": false} refuses it, and no answer does too.")
  private static let webhookCAFileSetting = Setting(
    "provisioner.enrolment.webhook-ca-file", .path, .optional,
    help: "The PEM file with the authorities of the webhook's certificate; otherwise those of the system.")
  private static let webhookSecretFileSetting = Setting(
    "provisioner.enrolment.webhook-secret-file", .path, .optional,
    help: "A file with the secret under which questions to the webhook are authenticated, X-Xtblish-Signature.")
  private static let publisherSignatureSetting = Setting(
    "provisioner.otp.publisher-signature-required", .boolean, .default("true"),
    help: "Whether devices burn that they run only what a publisher signed.")

  /// Its own settings, in the order in which `check-config` shows them.
  package static let allSettings: [any SettingDescription] =
    [
      httpListenSetting, rpcListenSetting, operationsListenSetting, databaseURLSetting, databaseConnectionsSetting,
      registryEndpointsSetting, mqttHostSetting, mqttPortSetting, deviceMQTTHostSetting, deviceMQTTPortSetting,
      imageStoreURLsSetting, heartbeatSetting, urlsSetting, webhookURLSetting, webhookCAFileSetting,
      webhookSecretFileSetting, publisherSignatureSetting,
    ] + AuthoritySettings.allSettings + TLSSettings.allSettings + HTTPSettings.allSettings

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
      provisionerURLs: try reader.optional(Self.urlsSetting) ?? [],
      heartbeatSeconds: try reader.require(Self.heartbeatSetting))
    let (caFile, secretFile) = (
      try reader.optional(Self.webhookCAFileSetting), try reader.optional(Self.webhookSecretFileSetting)
    )
    webhook = try reader.optional(Self.webhookURLSetting).map {
      Webhook(url: $0, caFile: caFile, secretFile: secretFile)
    }
    isPublisherSignatureRequired = try reader.require(Self.publisherSignatureSetting)
    authority = try AuthoritySettings(&reader)
    tls = try TLSSettings(&reader)
    http = try HTTPSettings(&reader)
  }

  /// What the service needs beside its keys of the bus: TLS, unless it was told to do without trust.
  package func missing(isInsecure: Bool) -> [SettingProblem] {
    tls.missing(role: Self.serviceName, isInsecure: isInsecure)
  }
}

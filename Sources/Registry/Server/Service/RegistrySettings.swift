import FirmwareImage
import Messaging
import RegistryStorage
import ServiceHosting
package import ServiceKit
package import Wire

/// The settings of `xtblish-registry`; what each is for, its range and its default is said with its `Setting`.
/// `serviceName` and `busRole` are those of the process, and `allSettings` lists the settings for `check-config`.
///
/// - It answers at `httpListen`, `rpcListen` and `operationsListen`, with the keys of `tls` and within the limits of
///   `http`.
/// - It uses `databaseURL` with `databaseConnections`, and asks `notifierEndpoints` and `provisionerEndpoints`.
/// - It notifies by `renotifyInterval`, `outboxLease` and `outboxLongestRetry`.
/// - It keeps history as `eventRetention`, `auditRetention`, `logRetention`, `logBytesPerDevice`, `crashRetention`
///   and `crashesPerDevice` say.
/// - It signs with the keys in `directorDirectory`, and only apps of known publishers if `requiresPublisher`.
package struct RegistrySettings: HostedServiceSettings {
  package let httpListen: ListenAddress
  package let rpcListen: String
  package let tls: TLSSettings
  package let http: HTTPSettings
  package let operationsListen: ListenAddress
  package let databaseURL: String
  package let databaseConnections: Int
  package let notifierEndpoints: [String]
  package let provisionerEndpoints: [String]
  /// How often devices state what they run.
  let heartbeat: Duration
  let renotifyInterval: Duration
  let outboxLease: Duration
  let outboxLongestRetry: Duration
  let eventRetention: Duration
  let auditRetention: Duration
  let logRetention: Duration
  let logBytesPerDevice: Int
  let crashRetention: Duration
  let crashesPerDevice: Int
  /// The folder of the director's keys; nil to sign nothing, which only an insecure Registry may.
  let directorDirectory: String?
  let requiresPublisher: Bool

  package static let serviceName = "registry"
  package static let busRole: BusRole? = .registry

  private static let httpListenSetting = Setting(
    "registry.http.listen", .listenAddress, .default("127.0.0.1:7101"), help: "Where HTTP is answered.")
  private static let rpcListenSetting = Setting(
    "registry.rpc.listen", .endpoint, .default("tcp://127.0.0.1:7102"), help: "Where the bus is answered.")
  private static let operationsListenSetting = Setting(
    "registry.operations.listen", .listenAddress, .default("127.0.0.1:7103"),
    help: "Where liveness, readiness and metrics are answered.")
  static let databaseURLSetting = Setting(
    "database.url", .url(["postgresql", "postgres"]), .required,
    help: """
      The PostgreSQL database; the Registry keeps its tables in the schema registry. Of several hosts with commas between \
      them the one that takes changes is used.
      """)
  private static let databaseConnectionsSetting = Setting(
    "database.connections", .integer(1...1_000), .default("10"),
    help: "How many connections to the database there are at most.")
  private static let notifierEndpointsSetting = Setting(
    "notifier.endpoints", .endpoints, .default("tcp://127.0.0.1:7132"), help: "Where the Notifier answers on the bus.")
  private static let provisionerEndpointsSetting = Setting(
    "provisioner.endpoints", .endpoints, .default("tcp://127.0.0.1:7112"),
    help: "Where the Provisioner answers on the bus.")
  private static let heartbeatSetting = Setting(
    "device.heartbeat.seconds", .duration(.milliseconds(100)...(.seconds(86_400))), .default("30"),
    help: "How often devices state what they run, in seconds; one silent for three times as long counts as offline.")
  private static let renotifySetting = Setting(
    "registry.renotify.seconds", .duration(.zero...(.seconds(86_400))), .default("5"),
    help: "How long a notification gets to take effect before a report makes it be repeated, in seconds.")
  private static let leaseSetting = Setting(
    "registry.outbox.lease.seconds", .duration(.milliseconds(200)...(.seconds(300))), .default("5"),
    help: "How long a replica may take over notifications before another takes them up, in seconds.")
  private static let retrySetting = Setting(
    "registry.outbox.retry.seconds", .duration(.milliseconds(200)...(.seconds(3_600))), .default("5"),
    help: "How long a notification that was not acknowledged waits for its next try at most, in seconds.")
  private static let retentionSetting = Setting(
    "registry.events.retention", .duration(.seconds(60)...(.seconds(3_650 * 86_400))), .default("90d"),
    help: "How long events are kept.")
  private static let auditRetentionSetting = Setting(
    "registry.audit.retention", .duration(.seconds(86_400)...(.seconds(36_500 * 86_400))), .default("3650d"),
    help: "How long entries of the audit log are kept.")
  private static let logRetentionSetting = Setting(
    "registry.logs.retention", .duration(.seconds(60)...(.seconds(3_650 * 86_400))), .default("14d"),
    help: "How long lines of devices' logs are kept.")
  private static let logSizeSetting = Setting(
    "registry.logs.size", .byteSize((64 << 10)...(1 << 40)), .default("16MiB"),
    help: "How much of each device's log is kept; the oldest lines go first.")
  private static let crashRetentionSetting = Setting(
    "registry.crashes.retention", .duration(.seconds(60)...(.seconds(3_650 * 86_400))), .default("90d"),
    help: "How long reports of crashes are kept.")
  private static let crashCountSetting = Setting(
    "registry.crashes.count", .integer(1...10_000), .default("200"),
    help: "How many reports of crashes are kept of each device; the oldest go first.")

  static let directorDirectorySetting = Setting(
    "registry.director.directory", .path, .optional,
    help: """
      The folder of the director's keys; the first is made at the first start, unless one waits there. Replicas share it or \
      have copies.
      """)

  private static let requiresPublisherSetting = Setting(
    "registry.publisher.required", .boolean, .default("true"),
    help: "Whether apps must be signed by a publisher that the root document names before the director signs them.")

  package static let allSettings: [any SettingDescription] =
    [
      httpListenSetting, rpcListenSetting, operationsListenSetting, databaseURLSetting, databaseConnectionsSetting,
      notifierEndpointsSetting, provisionerEndpointsSetting, heartbeatSetting, renotifySetting, leaseSetting,
      retrySetting,
      retentionSetting, auditRetentionSetting, logRetentionSetting, logSizeSetting, crashRetentionSetting,
      crashCountSetting, directorDirectorySetting, requiresPublisherSetting,
    ] + TLSSettings.allSettings + HTTPSettings.allSettings

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    httpListen = try reader.require(Self.httpListenSetting)
    tls = try TLSSettings(&reader)
    http = try HTTPSettings(&reader)
    rpcListen = try reader.require(Self.rpcListenSetting)
    operationsListen = try reader.require(Self.operationsListenSetting)
    databaseURL = try reader.require(Self.databaseURLSetting)
    databaseConnections = try reader.require(Self.databaseConnectionsSetting)
    notifierEndpoints = try reader.require(Self.notifierEndpointsSetting)
    provisionerEndpoints = try reader.require(Self.provisionerEndpointsSetting)
    heartbeat = try reader.require(Self.heartbeatSetting)
    renotifyInterval = try reader.require(Self.renotifySetting)
    outboxLease = try reader.require(Self.leaseSetting)
    outboxLongestRetry = try reader.require(Self.retrySetting)
    eventRetention = try reader.require(Self.retentionSetting)
    auditRetention = try reader.require(Self.auditRetentionSetting)
    logRetention = try reader.require(Self.logRetentionSetting)
    logBytesPerDevice = try reader.require(Self.logSizeSetting)
    crashRetention = try reader.require(Self.crashRetentionSetting)
    crashesPerDevice = try reader.require(Self.crashCountSetting)
    directorDirectory = try reader.optional(Self.directorDirectorySetting)
    requiresPublisher = try reader.require(Self.requiresPublisherSetting)
  }

  /// What must be set before the service may start, besides what each setting by itself demands.
  package func missing(isInsecure: Bool) -> [SettingProblem] {
    tls.missing(role: Self.serviceName, isInsecure: isInsecure) + missingDirector(isInsecure: isInsecure)
  }

  private func missingDirector(isInsecure: Bool) -> [SettingProblem] {
    guard directorDirectory == nil, !isInsecure else { return [] }
    return [
      SettingProblem(
        key: Self.directorDirectorySetting.key,
        message: """
          \(Self.directorDirectorySetting.environmentName) is not set: name a folder that this service may write, and that \
          all replicas share, for the key that signs what devices get; for a test on one machine, set XTBLISH_INSECURE=true \
          instead
          """)
    ]
  }

  /// How assignments are signed.
  ///
  /// - Throws: if there is nowhere to keep the director's keys, unless the process was told to be insecure.
  func signing(isInsecure: Bool) throws(SettingsError) -> AssignmentSigning {
    if let directorDirectory {
      return .director(
        DirectorKeyring(directory: directorDirectory), requiresRootDocument: !isInsecure,
        publishers: isInsecure ? .unchecked : requiresPublisher ? .required : .optional)
    }
    let missing = missingDirector(isInsecure: isInsecure)
    guard missing.isEmpty else { throw SettingsError(missing) }
    return .none
  }

  /// The store's bounds. A device that missed three heartbeats counts as offline.
  var storeOptions: RegistryStore.Options {
    RegistryStore.Options(
      onlineWindow: heartbeat * 3 / .seconds(1), renotifyInterval: renotifyInterval / .seconds(1),
      logBytesPerDevice: logBytesPerDevice, crashesPerDevice: crashesPerDevice)
  }
}

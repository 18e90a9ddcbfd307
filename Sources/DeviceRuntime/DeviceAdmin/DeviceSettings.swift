package import Curl
package import DeviceStorage
import Foundations
import Messaging
package import ServiceKit
package import UpdateCore
package import Wire

/// What the settings of a device say; what they don't, the device learns when it enrols. Each property holds the
/// setting whose help stands below, in the unit that its name ends in.
///
/// - The device: `directory`, `provisionerURL` (for `enroll`; nil: not set), `heartbeatSeconds` (nil: as the
///   Provisioner said), and its fuses: `otpPath` (nil: files stand for them), `otpOffsetBytes`.
/// - Updates: `trialSeconds`, `unconfirmed`, `trialAgentDeaths`, `trialPowerCuts`, `maximumImageBytes`; of the agent
///   itself: `runtimeTrialSeconds`.
/// - Apps: `appMemoryBytes`, `reservesAddressSpace`, `appUser`, `appStartSeconds`, `appEventMilliseconds`,
///   `appBusySeconds`, `appKeyValueBytes`.
/// - Network: `logBytesPerSecond`, `redirectHosts`, `proxyURL` (nil: none), `proxyExceptions`, and `mqttHost` and
///   `mqttPort` (nil: as the Provisioner said).
package struct DeviceSettings: ServiceSettings {
  package let directory: String
  package let provisionerURL: String?
  package let heartbeatSeconds: Int?
  package let trialSeconds: Int
  package let unconfirmed: UpdatePolicy.UnconfirmedOutcome
  package let trialAgentDeaths: Int
  package let trialPowerCuts: Int
  package let runtimeTrialSeconds: Int
  package let otpPath: String?
  let otpOffsetBytes: Int
  package let maximumImageBytes: Int
  package let appMemoryBytes: Int
  package let reservesAddressSpace: Bool
  package let appUser: String
  package let appStartSeconds: Int
  package let appEventMilliseconds: Int
  package let appBusySeconds: Int
  package let appKeyValueBytes: Int
  package let logBytesPerSecond: Int
  package let redirectHosts: [String]
  let proxyURL: String?
  let proxyExceptions: [String]
  package let mqttHost: String?
  package let mqttPort: Int?

  /// What the program is called in the names of its settings and in its own name.
  package static let serviceName = "device"
  /// nil: the device makes its own keys, for its commands to reach it with, and has no place on the services' bus.
  package static let busRole: BusRole? = nil
  /// Where the device keeps its state unless it is told otherwise.
  package static let defaultDirectory = "/var/lib/xtblish/device"

  package static let directorySetting = Setting(
    "device.directory", .path, .default(defaultDirectory),
    help: "Where the device keeps its identity, its two slots, its boot record and its log.")
  private static let provisionerURLSetting = Setting(
    "provisioner.url", .url(["http", "https"]), .optional, help: "The Provisioner's base URL, for enroll.")
  private static let heartbeatSetting = Setting(
    "device.heartbeat.seconds", .integer(1...86_400), .optional,
    help: "How often to state what runs, in seconds, instead of what the Provisioner said.")
  private static let trialSetting = Setting(
    "device.trial.seconds", .integer(1...86_400), .default("10"),
    help: "A new app has so many seconds to confirm its health.")
  private static let unconfirmedSetting = Setting<UpdatePolicy.UnconfirmedOutcome>(
    "device.trial.unconfirmed", .choice, .default("confirm"),
    help:
      "What becomes of an app that did not fail in that time and did not confirm its health either: confirm or roll-back."
  )
  private static let trialAgentDeathsSetting = Setting(
    "device.trial.agent-deaths", .integer(0...100), .default("2"),
    help: "How often the agent may die in a trial before the new app is given up.")
  private static let trialPowerCutsSetting = Setting(
    "device.trial.power-cuts", .integer(0...100), .default("3"),
    help: "How often the power may fail in a trial before the new app is given up.")
  private static let runtimeTrialSetting = Setting(
    "device.runtime.trial-seconds", .integer(1...86_400), .default("300"),
    help: "A new agent has so many seconds to reach the servers and run the app, in each of its starts.")
  private static let otpPathSetting = Setting(
    "device.otp.nvmem-file", .path, .optional,
    help: """
      The board's fuses as Linux offers them, for example /sys/bus/nvmem/devices/NAME/nvmem; otherwise files in the \
      device's directory stand for them.
      """)
  private static let otpOffsetSetting = Setting(
    "device.otp.nvmem-offset-bytes", .integer(0...(1 << 20)), .default("0"),
    help: "Where in that file the device's fuses begin; a multiple of 4.")
  private static let maximumImageSetting = Setting(
    "device.image.maximum-bytes", .byteSize(1024...(1 << 40)), .default("64MiB"),
    help: "The largest image that the device takes.")
  private static let appMemorySetting = Setting(
    "device.app.memory-bytes", .byteSize(65_536...(4 << 30)), .default("64MiB"),
    help: "How much linear memory an app may have.")
  private static let addressSpaceSetting = Setting(
    "device.app.reserves-address-space", .boolean, .default("true"),
    help: "Reserve 4 GiB of address space for an app's memory, which makes it faster; no for small boards.")
  private static let appUserSetting = Setting(
    "device.app.user", .text, .default("auto"),
    help: """
      Who apps run as when the agent is root: a user's name, an ID, a range FIRST-LAST of which each start takes the \
      next, "auto" for the range 60600-60855 where it exists, or "none" for root itself.
      """)
  private static let appStartSetting = Setting(
    "device.app.start-seconds", .integer(1...3600), .default("30"),
    help: "How long an app may take to start, compiling and xtb_init included, in seconds.")
  private static let appEventSetting = Setting(
    "device.app.event-milliseconds", .integer(1...3_600_000), .default("1000"),
    help: "How long an app may take to handle one event, in milliseconds.")
  private static let appBusySetting = Setting(
    "device.app.busy-seconds", .integer(1...86_400), .default("10"),
    help: "How long an app with _start may compute without waiting or printing, in seconds of processor time.")
  private static let appKeyValueSetting = Setting(
    "device.app.key-value-bytes", .byteSize(0...(64 << 20)), .default("64KiB"),
    help: "How much an app may keep with kv_set, keys and values together.")
  private static let logRateSetting = Setting(
    "device.log.bytes-per-second", .byteSize(256...(64 << 20)), .default("16KiB"),
    help: "How much of the log is sent to the server over time; what the log can't hold meanwhile is lost, and told.")
  private static let redirectHostsSetting = Setting(
    "device.redirect.hosts", .hosts, .optional,
    help: """
      Hosts, separated by commas, to which an image store may redirect a download, for example of a bucket; every server \
      may redirect to its own host. What was asked for over https is fetched over https alone.
      """)
  private static let proxyURLSetting = Setting(
    "device.proxy.url", .url(["http", "https"]), .optional, isSecret: true,
    help: """
      The proxy for images, renewals and enrolment, as in https_proxy: http://host:port, or with user:password@ before \
      the host. The environment's own https_proxy is not used. The broker is connected to directly.
      """)
  private static let proxyExceptionsSetting = Setting(
    "device.proxy.exceptions", .hosts, .optional,
    help: "Hosts that are reached without the proxy, separated by commas, as in no_proxy: each with those below it.")
  private static let mqttHostSetting = Setting(
    "device.mqtt.host", .host, .optional, help: "The broker's host, instead of what the Provisioner said.")
  private static let mqttPortSetting = Setting(
    "device.mqtt.port", .port, .optional, help: "The broker's port, instead of what the Provisioner said.")

  /// All settings, in the order in which `check-config` shows them.
  package static let allSettings: [any SettingDescription] = [
    directorySetting, provisionerURLSetting, heartbeatSetting, trialSetting, unconfirmedSetting,
    trialAgentDeathsSetting, trialPowerCutsSetting, runtimeTrialSetting, otpPathSetting, otpOffsetSetting,
    maximumImageSetting,
    appMemorySetting,
    addressSpaceSetting, appUserSetting, appStartSetting, appEventSetting, appBusySetting, appKeyValueSetting,
    logRateSetting, redirectHostsSetting, proxyURLSetting, proxyExceptionsSetting, mqttHostSetting,
    mqttPortSetting,
  ]

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    directory = try reader.require(Self.directorySetting)
    provisionerURL = try reader.optional(Self.provisionerURLSetting)
    heartbeatSeconds = try reader.optional(Self.heartbeatSetting)
    trialSeconds = try reader.require(Self.trialSetting)
    unconfirmed = try reader.require(Self.unconfirmedSetting)
    trialAgentDeaths = try reader.require(Self.trialAgentDeathsSetting)
    trialPowerCuts = try reader.require(Self.trialPowerCutsSetting)
    runtimeTrialSeconds = try reader.require(Self.runtimeTrialSetting)
    otpPath = try reader.optional(Self.otpPathSetting)
    otpOffsetBytes = try reader.require(Self.otpOffsetSetting)
    if !otpOffsetBytes.isMultiple(of: 4) {
      reader.refuse(Self.otpOffsetSetting, "is not a multiple of 4: fuses come in words of 4 bytes")
    }
    maximumImageBytes = try reader.require(Self.maximumImageSetting)
    appMemoryBytes = try reader.require(Self.appMemorySetting)
    reservesAddressSpace = try reader.require(Self.addressSpaceSetting)
    appUser = try reader.require(Self.appUserSetting)
    appStartSeconds = try reader.require(Self.appStartSetting)
    appEventMilliseconds = try reader.require(Self.appEventSetting)
    appBusySeconds = try reader.require(Self.appBusySetting)
    appKeyValueBytes = try reader.require(Self.appKeyValueSetting)
    logBytesPerSecond = try reader.require(Self.logRateSetting)
    redirectHosts = try reader.optional(Self.redirectHostsSetting) ?? []
    proxyURL = try reader.optional(Self.proxyURLSetting)
    proxyExceptions = try reader.optional(Self.proxyExceptionsSetting) ?? []
    mqttHost = try reader.optional(Self.mqttHostSetting)
    mqttPort = try reader.optional(Self.mqttPortSetting)
  }
}

extension DeviceSettings {
  /// The device's fuses: the chip's own if a file of theirs is set, else files on the device's flash that stand for
  /// them.
  ///
  /// - Parameter flash: the device's own.
  package func otpBank(_ flash: any Flash) -> any OTPBank {
    if let otpPath { NVMEMOTPBank(path: otpPath, offset: otpOffsetBytes) } else { FileOTPBank(flash) }
  }
}

extension DeviceSettings {
  /// The proxy for everything that is fetched over HTTP; nil: none.
  package var proxy: HTTPClient.Proxy? {
    proxyURL.map { HTTPClient.Proxy(url: $0, exceptions: proxyExceptions) }
  }
}

package import Logging

/// The settings that every executable has. `logLevel` and `logFormat` say what is logged and how, `shutdownDelay` for how
/// long requests are still taken after SIGTERM, and `shutdownTimeout` how long those in progress may take to finish then.
package struct ProcessSettings: Sendable {
  package let logLevel: Logger.Level
  package let logFormat: LogFormat
  package let shutdownDelay: Duration
  package let shutdownTimeout: Duration
  /// Whether the process does without certificates, bus keys and tokens.
  package let isInsecure: Bool
  /// A service is not ready while there is less room than this where it writes.
  package let diskMinimumBytes: Int

  package static let configurationFile = Setting(
    "config", .path, .optional, help: "The JSON file with settings that are not in the environment.")
  static let logLevelSetting = Setting(
    "log.level", .logLevel, .default("info"), help: "Records below this level are not written.")
  static let logFormatSetting = Setting<LogFormat>(
    "log.format", .choice, .default("text"), help: "How log records are written: text for people, json for programs.")
  static let shutdownDelaySetting = Setting(
    "shutdown.delay.seconds", .duration(.zero...(.seconds(600))), .default("0"),
    help: """
      How long after SIGTERM it still takes requests, in seconds: what a load balancer needs to see that it is not ready.
      """)
  static let shutdownTimeoutSetting = Setting(
    "shutdown.seconds", .duration(.milliseconds(100)...(.seconds(3_600))), .default("20"),
    help: "How long requests in progress may take to finish then, in seconds.")

  package static let insecureSetting = Setting(
    "insecure", .boolean, .default("false"),
    help: "Do without TLS, bus keys and tokens, so that anyone who reaches a port may do anything. For tests.")

  package static let diskMinimumSetting = Setting(
    "disk.free.minimum", .byteSize(0...(1 << 40)), .default("64MiB"),
    help: "With less free where it writes, a service is not ready. Never more than a twentieth of the disk.")

  /// All of them, in the order in which they are shown.
  package static let allSettings: [any SettingDescription] = [
    configurationFile, logLevelSetting, logFormatSetting, shutdownDelaySetting, shutdownTimeoutSetting, insecureSetting,
    diskMinimumSetting,
  ]

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    logLevel = try reader.require(Self.logLevelSetting)
    logFormat = try reader.require(Self.logFormatSetting)
    shutdownDelay = try reader.require(Self.shutdownDelaySetting)
    shutdownTimeout = try reader.require(Self.shutdownTimeoutSetting)
    isInsecure = try reader.require(Self.insecureSetting)
    diskMinimumBytes = try reader.require(Self.diskMinimumSetting)
  }
}

/// How log records are written.
package enum LogFormat: String, CaseIterable, Sendable {
  /// A line for people.
  case text
  /// A JSON object on a line, for programs.
  case json
}

package import Logging

/// Settings that every executable has.
package struct ProcessSettings: Sendable {
  package let logLevel: Logger.Level
  package let logFormat: LogFormat
  package let shutdownTimeout: Duration
  /// Whether to do without certificates, bus keys and tokens.
  package let isInsecure: Bool
  /// With less room where it writes, a service is not ready.
  package let diskMinimumBytes: Int

  package static let configurationFile = Setting(
    "config", .path, .optional, help: "The JSON file with settings that are not in the environment.")
  package static let logLevelSetting = Setting(
    "log.level", .logLevel, .default("info"), help: "Records below this level are not written.")
  package static let logFormatSetting = Setting<LogFormat>(
    "log.format", .choice, .default("text"), help: "How log records are written: text for people, json for programs.")
  package static let shutdownTimeoutSetting = Setting(
    "shutdown.seconds", .duration(.milliseconds(100)...(.seconds(3_600))), .default("20"),
    help: "How long requests in progress may take to finish after SIGTERM, in seconds.")

  package static let insecureSetting = Setting(
    "insecure", .boolean, .default("false"),
    help: "Do without TLS, bus keys and tokens, so that anyone who reaches a port may do anything. For tests.")

  package static let diskMinimumSetting = Setting(
    "disk.free.minimum", .byteSize(0...(1 << 40)), .default("64MiB"),
    help: "With less free where it writes, a service is not ready. Never more than a twentieth of the disk.")

  package static let allSettings: [any SettingDescription] = [
    configurationFile, logLevelSetting, logFormatSetting, shutdownTimeoutSetting, insecureSetting, diskMinimumSetting,
  ]

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    logLevel = try reader.require(Self.logLevelSetting)
    logFormat = try reader.require(Self.logFormatSetting)
    shutdownTimeout = try reader.require(Self.shutdownTimeoutSetting)
    isInsecure = try reader.require(Self.insecureSetting)
    diskMinimumBytes = try reader.require(Self.diskMinimumSetting)
  }
}

/// How log records are written.
package enum LogFormat: String, CaseIterable, Sendable {
  case text
  case json
}

import RegistryClient

/// A part of the list of devices, over HTTP. The last part has no `nextCursor`, here as in the other lists.
struct DeviceListDocument: Codable, Sendable {
  var devices: [DeviceDocument]
  var nextCursor: String?
}

/// A part of the list of a device's firmware.
struct FirmwareListDocument: Codable, Sendable {
  var firmware: [FirmwareDocument]
  var nextCursor: String?
}

/// A part of the list of events.
struct EventListDocument: Codable, Sendable {
  var events: [EventDocument]
  var nextCursor: String?
}

/// A part of the list of crashes.
struct CrashListDocument: Codable, Sendable {
  var crashes: [CrashDocument]
  var nextCursor: String?
}

/// Some lines of a device's log, oldest first.
struct LogListDocument: Codable, Sendable {
  var lines: [StoredLogLineDocument]
  /// Give this as `after` to read on.
  var lastCursor: UInt64
  /// The cursor of the page with older lines, where the newest were asked for.
  var nextCursor: String?
}

/// A part of the list of tokens.
struct TokenListDocument: Codable, Sendable {
  var tokens: [TokenDocument]
  var nextCursor: String?
}

/// A part of the audit log.
struct AuditListDocument: Codable, Sendable {
  var entries: [AuditDocument]
  var nextCursor: String?
}

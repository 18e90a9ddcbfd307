/// The JSON of `/devices/{id}/crash`: how an app ended that was not asked to end. `appName` and `appVersion` are the
/// image's labels, empty if it has none. A device keeps the report in this form until it is acknowledged.
package struct CrashReport: Codable, Sendable, Equatable {
  /// A function call that was under way when the app ended.
  package struct Frame: Codable, Sendable, Equatable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case function, functionOffset, moduleOffset, name }

    /// The index of the function in the module.
    package var function: UInt32
    /// Where in the function's body execution was, in bytes.
    package var functionOffset: UInt64
    /// Where in the module execution was, in bytes.
    package var moduleOffset: UInt64
    /// The function's name, from the module's `name` section; missing: the module gives none.
    package var name: String?

    package init(function: UInt32, functionOffset: UInt64, moduleOffset: UInt64, name: String?) {
      self.function = function
      self.functionOffset = functionOffset
      self.moduleOffset = moduleOffset
      self.name = name
    }
  }

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case id, at, version, digest, appName, appVersion, buildID, code, message, status, frames, lines
  }

  /// Identifies this crash: 32 random hexadecimal digits.
  package var id: String
  /// When it happened, by the device's clock, in nanoseconds since 1970.
  package var at: UInt64
  /// The firmware version that ran, from 1.
  package var version: UInt64
  /// The module's digest: `sha256:` and 64 hexadecimal digits.
  package var digest: String
  package var appName: String
  package var appVersion: String
  /// The module's build ID in hexadecimal digits; empty: the module has none.
  package var buildID: String
  /// Why the app ended: a ``CrashCode``, or the word of a newer device for what is none of these.
  package var code: String
  /// What happened, for people.
  package var message: String
  /// What the version was when it happened: ``RunStatus/trial`` or ``RunStatus/confirmed``.
  package var status: String
  /// The calls that were under way, the innermost first.
  package var frames: [Frame]
  /// The app's last lines in the log, oldest first.
  package var lines: [LogMessage.Line]

  package init(
    id: String, at: UInt64, version: UInt64, digest: String, appName: String, appVersion: String, buildID: String,
    code: String, message: String, status: String, frames: [Frame], lines: [LogMessage.Line]
  ) {
    self.id = id
    self.at = at
    self.version = version
    self.digest = digest
    self.appName = appName
    self.appVersion = appVersion
    self.buildID = buildID
    self.code = code
    self.message = message
    self.status = status
    self.frames = frames
    self.lines = lines
  }

  /// Reads a report; members that only help people may be missing.
  package init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    id = try members.decode(String.self, forKey: .id)
    at = try members.decode(UInt64.self, forKey: .at)
    version = try members.decode(UInt64.self, forKey: .version)
    digest = try members.decode(String.self, forKey: .digest)
    appName = try members.decodeIfPresent(String.self, forKey: .appName) ?? ""
    appVersion = try members.decodeIfPresent(String.self, forKey: .appVersion) ?? ""
    buildID = try members.decodeIfPresent(String.self, forKey: .buildID) ?? ""
    code = try members.decode(String.self, forKey: .code)
    message = try members.decodeIfPresent(String.self, forKey: .message) ?? ""
    status = try members.decode(String.self, forKey: .status)
    frames = try members.decodeIfPresent([Frame].self, forKey: .frames) ?? []
    lines = try members.decodeIfPresent([LogMessage.Line].self, forKey: .lines) ?? []
  }
}

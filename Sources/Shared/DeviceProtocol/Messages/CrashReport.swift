/// The JSON of `/devices/{id}/crash`: how an app ended that was not asked to. A device keeps it in this form until it is
/// acknowledged.
package struct CrashReport: Codable, Sendable, Equatable {
  package struct Frame: Codable, Sendable, Equatable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case function, functionOffset, moduleOffset, name }

    /// The function's index in the module.
    package var function: UInt32
    /// In bytes, within the function.
    package var functionOffset: UInt64
    /// In bytes, within the module.
    package var moduleOffset: UInt64
    /// From the module's names; missing: it has none.
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

  /// 32 hexadecimal digits, random, of this crash alone.
  package var id: String
  /// By the device's clock, in nanoseconds since 1970.
  package var at: UInt64
  /// Of the image, from 1.
  package var version: UInt64
  /// Of the module: `sha256:` and 64 hexadecimal digits.
  package var digest: String
  package var appName: String
  package var appVersion: String
  /// In hexadecimal digits; empty: the module has none.
  package var buildID: String
  /// A ``CrashCode``, or the word of a newer device for what is none of these.
  package var code: String
  /// For people.
  package var message: String
  /// What the version was when it happened: ``RunStatus/trial`` or ``RunStatus/confirmed``.
  package var status: String
  /// Innermost first.
  package var frames: [Frame]
  /// The version's last lines in the log, oldest first.
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

  /// What helps people alone may be missing.
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

internal import UpdateCore

/// What an app ended of, as the server is told: JSON with these names.
package struct CrashReport: Codable, Sendable, Equatable {
  /// Where in the module a call was.
  package struct Frame: Codable, Sendable, Equatable {
    package var function: UInt32
    /// In bytes, within the function.
    package var functionOffset: UInt64
    /// In bytes, within the module.
    package var moduleOffset: UInt64
    package var name: String?

    package init(function: UInt32, functionOffset: UInt64, moduleOffset: UInt64, name: String?) {
      self.function = function
      self.functionOffset = functionOffset
      self.moduleOffset = moduleOffset
      self.name = name
    }
  }

  /// 32 hexadecimal digits, of this crash alone.
  package var id: String
  /// Since 1970, in nanoseconds.
  package var at: UInt64
  /// Of the image.
  package var version: UInt64
  package var digest: String
  package var appName: String
  package var appVersion: String
  /// In hexadecimal digits; empty: the module has none.
  package var buildID: String
  /// Of a trap: "unreachable", "memory-out-of-bounds" …; else "deadline-exceeded", "watchdog-missed", "killed",
  /// "exited", "start-failed" or "host-failed".
  package var code: String
  /// For people.
  package var message: String
  /// "trial" or "confirmed": what the version was when it happened.
  package var status: String
  /// Innermost first.
  package var frames: [Frame]
  /// The version's last lines in the log, oldest first.
  package var lines: [LogLineDocument]

  package init(
    id: String, at: UInt64, version: UInt64, digest: String, appName: String, appVersion: String, buildID: String,
    code: String, message: String, status: String, frames: [Frame], lines: [LogLineDocument]
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
}

internal import FirmwareImage
internal import UpdateCore

/// What an app ended of, as the server is told: JSON with these names.
package struct CrashReport: Codable, Sendable, Equatable {
  package struct Frame: Codable, Sendable, Equatable {
    package var function: UInt32
    /// In bytes, within the function.
    package var functionOffset: UInt64
    /// In bytes, within the module.
    package var moduleOffset: UInt64
    package var name: String?
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
}

/// How an app ended, if that was no end that it or the agent wanted.
struct CrashCause: Sendable, Equatable {
  /// Names of functions may be as long as their parameters are many.
  private static let maximumNameBytes = 512
  private static let maximumMessageBytes = 1024
  private static let maximumFrames = 20

  var code: String
  var message: String
  var frames: [CrashReport.Frame]

  init?(_ ending: AppEnding) {
    let trap: AppTrap?
    switch ending {
    case .stopped, .exited(code: 0): return nil
    case .exited: (code, trap) = ("exited", nil)
    case .trapped(let cause): (code, trap) = (cause.code, cause)
    case .startFailed: (code, trap) = ("start-failed", nil)
    case .deadlineExceeded(_, let cause): (code, trap) = ("deadline-exceeded", cause)
    case .watchdogMissed: (code, trap) = ("watchdog-missed", nil)
    case .killed: (code, trap) = ("killed", nil)
    case .hostFailed: (code, trap) = ("host-failed", nil)
    }
    let text: String =
      switch ending {
      case .trapped(let cause): cause.message
      case .deadlineExceeded(let call, let cause): "took too long in \(call): \(cause.message)"
      default: ending.description
      }
    message = text.prefixOfUTF8(Self.maximumMessageBytes).onOneLine
    frames = (trap?.frames ?? []).prefix(Self.maximumFrames).map { frame in
      CrashReport.Frame(
        function: frame.functionIndex, functionOffset: frame.functionOffset, moduleOffset: frame.moduleOffset,
        name: frame.functionName?.prefixOfUTF8(Self.maximumNameBytes).onOneLine)
    }
  }
}

extension CrashReport {
  /// Lines of the log in a report.
  static let maximumLines = 50

  /// - Parameter lines: of the log, oldest first.
  init(_ cause: CrashCause, image: VerifiedImage, version: UInt64, isTrial: Bool, at: WallClock, lines: [DeviceLogLine])
  {
    let app = image.configuration.manifest?.app
    id = Hexadecimal.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
    self.at = at.nanoseconds
    self.version = version
    digest = image.verdict.wasmDigest.description
    appName = app?.name.text ?? ""
    appVersion = app?.version.text ?? ""
    buildID = Hexadecimal.encode(image.verdict.interface.buildID)
    code = cause.code
    message = cause.message
    status = isTrial ? "trial" : "confirmed"
    frames = cause.frames
    self.lines = lines.suffix(Self.maximumLines).map { LogLineDocument($0) }
  }
}

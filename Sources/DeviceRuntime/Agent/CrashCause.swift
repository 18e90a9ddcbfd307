internal import AppLink
internal import DeviceStorage
internal import FirmwareImage
internal import Foundations
internal import WebAssemblyModule

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
    self.init(
      id: Hexadecimal.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) }), at: at.nanoseconds,
      version: version, digest: image.verdict.wasmDigest.description, appName: app?.name.text ?? "",
      appVersion: app?.version.text ?? "", buildID: Hexadecimal.encode(image.verdict.interface.buildID),
      code: cause.code, message: cause.message, status: isTrial ? "trial" : "confirmed", frames: cause.frames,
      lines: lines.suffix(Self.maximumLines).map { LogLineDocument($0) })
  }
}

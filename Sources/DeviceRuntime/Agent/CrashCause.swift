import AppLink
import DeviceProtocol
import DeviceStorage
import FirmwareImage
import Foundations
import WebAssemblyModule

/// How an app ended, if that was no end that it or the agent wanted.
struct CrashCause: Sendable, Equatable {
  var code: String
  var message: String
  var frames: [CrashReport.Frame]

  init?(_ ending: AppEnding) {
    let trap: AppTrap?
    switch ending {
    case .stopped, .exited(code: 0): return nil
    case .exited: (code, trap) = (CrashCode.exited.rawValue, nil)
    case .trapped(let cause): (code, trap) = (cause.code, cause)
    case .startFailed: (code, trap) = (CrashCode.startFailed.rawValue, nil)
    case .deadlineExceeded(_, let cause): (code, trap) = (CrashCode.deadlineExceeded.rawValue, cause)
    case .watchdogMissed: (code, trap) = (CrashCode.watchdogMissed.rawValue, nil)
    case .killed: (code, trap) = (CrashCode.killed.rawValue, nil)
    case .hostFailed: (code, trap) = (CrashCode.hostFailed.rawValue, nil)
    }
    let text: String =
      switch ending {
      case .trapped(let cause): cause.message
      case .deadlineExceeded(let call, let cause): "took too long in \(call): \(cause.message)"
      default: ending.description
      }
    message = text.prefixOfUTF8(DeviceLimit.crashMessageBytes.value).onOneLine
    frames = (trap?.frames ?? []).prefix(DeviceLimit.crashFrames.value).map { frame in
      CrashReport.Frame(
        function: frame.functionIndex, functionOffset: frame.functionOffset, moduleOffset: frame.moduleOffset,
        name: frame.functionName?.prefixOfUTF8(DeviceLimit.crashFunctionNameBytes.value).onOneLine)
    }
  }
}

extension CrashReport {
  /// - Parameter lines: of the log, oldest first.
  init(_ cause: CrashCause, image: VerifiedImage, version: UInt64, isTrial: Bool, at: WallClock, lines: [DeviceLogLine])
  {
    let app = image.configuration.manifest?.app
    let status: RunStatus = isTrial ? .trial : .confirmed
    self.init(
      id: Hexadecimal.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) }), at: at.nanoseconds,
      version: version, digest: image.verdict.wasmDigest.description, appName: app?.name.text ?? "",
      appVersion: app?.version.text ?? "", buildID: Hexadecimal.encode(image.verdict.interface.buildID),
      code: cause.code, message: cause.message, status: status.rawValue, frames: cause.frames,
      lines: lines.suffix(DeviceLimit.crashLines.value).map { LogMessage.Line($0) })
  }
}

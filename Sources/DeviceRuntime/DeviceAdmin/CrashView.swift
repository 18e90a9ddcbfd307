package import FoundationEssentials
import Foundations
package import Wire

/// A crash report as `--json` shows it.
///
/// `id` is the device's own name for the report (16 bytes as hexadecimal digits) and `at` the time of the crash. The
/// app: its image's `version`, the `digest` of its wasm, `appName`, `appVersion`, and the `buildID` of its module, by
/// which its debug information is found (empty if the module has none). `code` names what ended the app
/// ("unreachable", "killed", "deadline-exceeded" …), `message` says it for people, and `status` tells whether the
/// version was in "trial" or "confirmed". `frames` are the calls that led there, innermost first, and `lines` the last
/// ones of the log before it.
package struct CrashView: Encodable, Sendable {
  /// A call on the app's stack: the index of the `function` in its module, the place in it as `functionOffset` and as
  /// `moduleOffset` (bytes from the function's and the module's beginning), and the function's `name`, empty if the
  /// module has none.
  package struct Frame: Encodable, Sendable {
    package var function: UInt32
    package var functionOffset: UInt64
    package var moduleOffset: UInt64
    package var name: String
  }

  /// A line of the log, with the same meaning as in ``LogLineView``: `id`, `at`, `level`, `source` and `text`.
  package struct Line: Encodable, Sendable {
    package var id: UInt64
    package var at: Date
    package var level: String
    package var source: String
    package var text: String
  }

  package var id: String
  package var at: Date
  package var version: UInt64
  package var digest: String
  package var appName: String
  package var appVersion: String
  package var buildID: String
  package var code: String
  package var message: String
  package var status: String
  package var frames: [Frame]
  package var lines: [Line]

  package init(_ report: WireCrashReport) {
    id = Hexadecimal.encode(report.id)
    at = Date(timeIntervalSince1970: Double(report.realtimeNanoseconds) / 1e9)
    version = report.firmwareVersion
    digest = SHA256Digest(bytes: report.digest)?.description ?? ""
    appName = report.appName
    appVersion = report.appVersion
    buildID = Hexadecimal.encode(report.buildID)
    code = report.code
    message = report.message
    status = report.status
    frames = report.frames.map {
      Frame(
        function: $0.functionIndex, functionOffset: $0.functionOffset, moduleOffset: $0.moduleOffset,
        name: $0.functionName)
    }
    lines = report.lastLines.map {
      Line(
        id: $0.id, at: Date(timeIntervalSince1970: Double($0.realtimeNanoseconds) / 1e9), level: $0.level,
        source: $0.source, text: $0.text)
    }
  }

  /// Where the app crashed, in a few words: the innermost function and the offset in the module; "-" without frames.
  package var location: String {
    guard let frame = frames.first else { return "-" }
    return "\(frame.name.isEmpty ? "function \(frame.function)" : frame.name) +\(frame.moduleOffset)"
  }
}

import AppLink
import AppSupervision
import DeviceBoard
import Foundations
import Glibc

/// Runs one app in a process of its own, as a device does, until it publishes a message, and prints the message's
/// numbers, one a line.
///
///     HostAPIBenchmark XTBLISH-APP-HOST APP.wasm i32|i64
@main
enum HostAPIBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let width = ["i32": 4, "i64": 8][arguments[3]] else {
      fail("usage: HostAPIBenchmark XTBLISH-APP-HOST APP.wasm i32|i64")
    }
    var template = Array("/tmp/xtblish-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fail("can't make a folder in /tmp") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let launcher = try ProcessAppLauncher(executable: arguments[1], directory: folder)
    let app = try await launcher.launch(
      AppLaunch(
        modulePath: arguments[2], compiledCachePath: "\(folder)/code", deviceID: [UInt8](repeating: 1, count: 16),
        version: 1, limits: AppLimits(eventDeadline: .seconds(60)), pins: Board.simulated.pins,
        sensors: Board.simulated.sensors))
    await app.activate()
    for await event in app.events {
      switch event {
      case .publish(_, _, let payload, _):
        show(payload, width)
        await app.stop(grace: .seconds(5))
      case .ended(.stopped): break
      case .ended(let ending): fail("the app \(ending)")
      case .started, .activated, .log, .healthConfirmed, .keyValue, .subscribe, .unsubscribe, .pins, .quiet: break
      }
    }
    unlink("\(folder)/code")
    rmdir(folder)
  }

  private static func fail(_ message: String) -> Never {
    let line = Array("\(message)\n".utf8)
    write(STDERR_FILENO, line, line.count)
    exit(1)
  }

  private static func show(_ payload: [UInt8], _ width: Int) {
    var text = ""
    for start in stride(from: 0, to: payload.count - width + 1, by: width) {
      let number = payload[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      text += width == 4 ? "\(Int32(truncatingIfNeeded: number))\n" : "\(Int64(bitPattern: number))\n"
    }
    print(text, terminator: "")
  }
}

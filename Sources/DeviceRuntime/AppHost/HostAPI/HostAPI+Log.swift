import AppLink
import DeviceProtocol
import Wasmtime

extension HostAPI {
  static let logFunctions = [
    HostAPIFunction(
      "log",
      """
      Writes a line to the device's log. Levels: 0 debug, 1 info, 2 warning, 3 error. A long line is cut. Returns 0, or \
      -6 if the app logs faster than it may and the line was dropped.
      """
    ) { context, call throws(HostErrno) in
      guard let level = UInt8(exactly: call.i32(0)).flatMap(AppLogLine.Level.init) else { throw .invalid }
      // A cut in the middle of a character is mended where the text is made printable.
      let bytes = try call.prefix(1, limit: context.launch.limits.logLineBytes + 1)
      guard context.state.log.write(level, .app, bytes) else { throw .again }
      return 0
    }
  ]
}

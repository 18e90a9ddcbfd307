internal import OpenSSL
internal import Wasmtime

extension HostAPI {
  private static let assemblyScriptModule = "env"

  /// What the AssemblyScript compiler makes its programs import. Its strings are UTF-16, with their length in bytes in
  /// the four bytes before them.
  static let assemblyScriptFunctions = [
    HostAPIFunction(
      module: assemblyScriptModule, "abort", [.i32("message"), .i32("file"), .i32("line"), .i32("column")], result: nil,
      "Ends the app with a trap that says so. Strings may be null."
    ) { context, call in
      let limit = context.launch.limits.logLineBytes
      let message = call.stringUTF16(0, limit: limit) ?? "(no message)"
      let file = call.stringUTF16(1, limit: limit) ?? "(no file)"
      context.trap = "abort: \(message) in \(file)(\(call.i32(2)):\(call.i32(3)))"
      return 0
    },
    HostAPIFunction(
      module: assemblyScriptModule, "console.log", [.i32("text")], result: nil,
      "Writes a line of level info to the device's log."
    ) { context, call in
      if let text = call.stringUTF16(0, limit: context.launch.limits.logLineBytes + 1) {
        context.state.log.write(.info, .app, Array(text.utf8))
      }
      return 0
    },
    HostAPIFunction(
      module: assemblyScriptModule, "seed", [], result: .f64, "A random number for `Math.random` to start with."
    ) { _, _ in
      let bytes = (try? randomBytes(count: 8)) ?? []
      // 53 bits make a number from 0 to 1.
      let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 11
      return Int64(bitPattern: (Double(number) / 0x1p53).bitPattern)
    },
  ]
}

import AppLink
import DeviceProtocol
import Foundations
import Linux
import Wasmtime

extension HostAPI {
  /// Stopwatches of `console.time` that may run at once.
  private static let stopwatchLimit = 32

  /// What the AssemblyScript compiler makes its programs import. Its strings are UTF-16, with their length in bytes in
  /// the four bytes before them.
  static let assemblyScriptFunctions =
    [
      env("abort", "Ends the app with a trap that says so. Strings may be null.") { context, call in
        let limit = context.launch.limits.logLineBytes
        let message = call.stringUTF16(0, limit: limit) ?? "(no message)"
        let file = call.stringUTF16(1, limit: limit) ?? "(no file)"
        context.trap = "abort: \(message) in \(file)(\(call.i32(2)):\(call.i32(3)))"
        return 0
      },
      env("trace", "Writes a line of level info: the message and the first `count` of the numbers, at most five.") {
        context, call in
        let count = max(0, min(5, Int(call.i32(1))))
        let numbers = (0..<count).map { number(call.f64(2 + $0)) }.joined(separator: ", ")
        let message = text(context, call, 0) ?? ""
        write(context, .info, "trace: \(message)" + (numbers.isEmpty ? "" : " \(numbers)"))
        return 0
      },
      env("seed", "A random number that seeds `Math.random`.") { _, _ in
        let bytes = KernelRandom.bytes(count: 8)
        // 53 bits make a number from 0 to 1.
        let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 11
        return bits(Double(number) / 0x1p53)
      },
      env("Date.now", "Whole milliseconds since 1970.") { _, _ in
        bits(Double(KernelClock.realtimeNanoseconds() / 1_000_000))
      },
      env("performance.now", "Milliseconds on the monotonic clock.") { _, _ in
        bits(Double(KernelClock.monotonicNanoseconds()) / 1e6)
      },
      env("console.assert", "Writes a line of level error, \"Assertion failed\" and the text, if the condition is 0.") {
        context, call in
        guard call.i32(0) == 0 else { return 0 }
        write(context, .error, text(context, call, 1).map { "Assertion failed: \($0)" } ?? "Assertion failed")
        return 0
      },
    ] + consoleLines + stopwatches

  private static let consoleLines = [
    ("debug", AppLogLine.Level.debug), ("log", .info), ("info", .info), ("warn", .warning), ("error", .error),
  ].map { name, level in
    env("console.\(name)", "Writes a line of level \(level).") { context, call in
      if let text = text(context, call, 0) { write(context, level, text) }
      return 0
    }
  }

  private static let stopwatches = [
    env("console.time", "Starts a stopwatch of that name; at most \(stopwatchLimit).") { context, call in
      let label = label(call)
      guard context.stopwatches.count < stopwatchLimit || context.stopwatches[label] != nil else { return 0 }
      context.stopwatches[label] = KernelClock.monotonicNanoseconds()
      return 0
    },
    env("console.timeLog", "Writes a line of level info with a stopwatch's time.") { context, call in
      tell(label(call), context)
      return 0
    },
    env("console.timeEnd", "Writes the same line and ends the stopwatch.") { context, call in
      let label = label(call)
      tell(label, context)
      context.stopwatches[label] = nil
      return 0
    },
  ]

  private static func env(
    _ name: String, _ documentation: String, body: @escaping HostAPIFunction.Body
  ) -> HostAPIFunction {
    HostAPIFunction(module: HostInterface.assemblyScriptModule, name, documentation, body: body)
  }

  private static func text(_ context: AppContext, _ call: borrowing HostCall, _ index: Int) -> String? {
    call.stringUTF16(index, limit: context.launch.limits.logLineBytes + 1)
  }

  private static func write(_ context: AppContext, _ level: AppLogLine.Level, _ text: String) {
    context.state.log.write(level, .app, Array(text.utf8))
  }

  private static func label(_ call: borrowing HostCall) -> ByteText {
    ByteText(call.stringUTF16(0, limit: 64) ?? "default")
  }

  private static func tell(_ label: ByteText, _ context: AppContext) {
    guard let began = context.stopwatches[label] else { return }
    let microseconds = (KernelClock.monotonicNanoseconds() - began) / 1000
    write(context, .info, "\(label): \(number(Double(microseconds) / 1000)) ms")
  }

  /// A number as AssemblyScript writes it: whole ones without a point.
  private static func number(_ value: Double) -> String {
    value.magnitude < 1e15 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
  }

  private static func bits(_ value: Double) -> Int64 { Int64(bitPattern: value.bitPattern) }
}

import DeviceProtocol

/// What the device offers to apps: the functions of import module `xtb1`, those that AssemblyScript's compiler imports,
/// and WASI preview 1.
package enum HostAPI {
  static let subscriptionLimit = 32
  /// How many pins an app may have open, and how many sensors.
  static let handleLimit = 64

  /// Functions that belong together.
  struct Topic: Sendable {
    var title: String
    var functions: [HostAPIFunction]
  }

  /// The whole table: what the linker defines, and what the reference page says.
  static let topics = [
    Topic(title: "Log", functions: logFunctions), Topic(title: "Clocks and waiting", functions: clockFunctions),
    Topic(title: "Timers", functions: timerFunctions), Topic(title: "Stored values", functions: keyValueFunctions),
    Topic(title: "Messages", functions: messageFunctions), Topic(title: "Pins", functions: pinFunctions),
    Topic(title: "Sensors", functions: sensorFunctions), Topic(title: "Device and app", functions: deviceFunctions),
    Topic(title: "AssemblyScript", functions: assemblyScriptFunctions),
  ]

  static let functions = topics.flatMap(\.functions)
}

/// All that one start of an app needs.
package struct AppLaunch: Sendable {
  /// The file that holds the module, already verified by whoever asks for the launch.
  package var modulePath: String
  /// Where in that file the module begins; it goes to the file's end. A slot keeps the whole image, so the module
  /// comes after the image's head, and no second copy of it takes space on the flash.
  package var moduleOffsetBytes: UInt64
  /// Where the machine code compiled from the module is kept, so that the next start need not compile. Only what
  /// this program wrote there is ever loaded again; anything else is compiled anew and replaced.
  package var compiledCachePath: String
  /// The 16 bytes that the app reads with `device_id`.
  package var deviceID: [UInt8]
  /// The image's firmware version, for logs.
  package var version: UInt64
  /// The app's name in the image, which is its scope of stored values; empty if it has none.
  package var appName: String
  /// The app's version in the image, for people.
  package var appVersion: String
  /// What the app reads with `config_get`.
  package var configuration: [String: String]
  /// WASI arguments after the program name.
  package var arguments: [String]
  /// WASI environment; nothing of the agent's own environment is added.
  package var environment: [String: String]
  /// What the app may use.
  package var limits: AppLimits
  /// What the app may open; any other name is −76.
  package var pins: [PinGrant]
  /// The sensors that the app may open, like `pins`.
  package var sensors: [SensorGrant]
  /// What the app may publish to and subscribe to, as MQTT filters below `/apps/{device}/`; empty: all of it.
  package var topics: [String]
  /// What the app reads with `reset_reason`.
  package var resetReason: ResetReason
  /// Compiles the module and keeps the code in the file for it; the app is not started. Ends with `exited(code: 0)`,
  /// or with `startFailed` if the module is none that this device could run.
  package var onlyCompiles = false
  /// How long starting may take, once there is a process: compiling, instantiating and `xtb_init` (of an app with
  /// `_start`: until it is called).
  package var startDeadline: Duration

  package init(
    modulePath: String, moduleOffsetBytes: UInt64 = 0, compiledCachePath: String, deviceID: [UInt8], version: UInt64,
    appName: String = "",
    appVersion: String = "", configuration: [String: String] = [:], arguments: [String] = [],
    environment: [String: String] = [:], limits: AppLimits = .standard, startDeadline: Duration = .seconds(30),
    pins: [PinGrant] = [], sensors: [SensorGrant] = [], topics: [String] = [], resetReason: ResetReason = .power
  ) {
    self.modulePath = modulePath
    self.moduleOffsetBytes = moduleOffsetBytes
    self.compiledCachePath = compiledCachePath
    self.deviceID = deviceID
    self.version = version
    self.appName = appName
    self.appVersion = appVersion
    self.configuration = configuration
    self.arguments = arguments
    self.environment = environment
    self.limits = limits
    self.startDeadline = startDeadline
    self.pins = pins
    self.sensors = sensors
    self.topics = topics
    self.resetReason = resetReason
  }
}

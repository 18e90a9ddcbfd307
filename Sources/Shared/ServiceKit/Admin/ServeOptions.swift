package import ArgumentParser
import FoundationEssentials
import Glibc
package import Logging
package import Messaging

/// The options of the command that runs the service.
package struct ServeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A JSON file with settings that are not in the environment.",
      discussion: "Otherwise XTBLISH_CONFIG names it. check-config lists all settings.", valueName: "file"))
  package var config: String?

  package init() {}

  /// Reads the settings, and sends all logs and metrics of the process where the settings say. Call it once.
  ///
  /// - Throws: `SettingsError` with everything that is wrong, which `runAdmin` prints.
  package func prepare<Settings: ServiceSettings>(_: Settings.Type) throws -> PreparedProcess<Settings> {
    CoreDumps.exclude()
    let environment = ProcessInfo.processInfo.environment
    let loaded = try Settings.load(environment: environment, configurationPath: config)
    let reader = try Settings.makeReader(environment: environment, configurationPath: config)
    let bus = try BusSettings(reader)
    let traces = Settings.busRole == nil ? TraceSettings.none : try TraceSettings(reader)
    LogOrigin.become(Settings.serviceName)
    ServiceLogHandler.bootstrap(loaded.process)
    let metrics = MetricsRegistry()
    metrics.bootstrap()
    let logger = Logger(label: Settings.serviceName)
    if loaded.process.isInsecure {
      logger.warning("insecure: no TLS, no bus keys, no tokens; anyone who reaches a port may do anything")
    }
    return PreparedProcess(
      settings: loaded.settings, process: loaded.process, bus: bus, traces: traces, executable: Self.ownExecutable(),
      metrics: metrics, logger: logger)
  }

  /// Nil if it can't be found.
  private static func ownExecutable() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }
}

/// What a service starts from: its own `settings`, those that every `process` has, those of the `bus` and of its `traces`, with the
/// `metrics` and the `logger` of the process.
package struct PreparedProcess<Settings: ServiceSettings>: Sendable {
  package let settings: Settings
  package let process: ProcessSettings
  package let bus: BusSettings
  package let traces: TraceSettings
  /// This program, for what it does in a process of its own; nil if it can't be found, and in tests.
  package let executable: String?
  package let metrics: MetricsRegistry
  package let logger: Logger

  /// For tests: `ServeOptions.prepare` also sets the logs and metrics of the whole process.
  package init(
    settings: Settings, process: ProcessSettings, bus: BusSettings, traces: TraceSettings = .none,
    executable: String? = nil,
    metrics: MetricsRegistry, logger: Logger
  ) {
    self.settings = settings
    self.process = process
    self.bus = bus
    self.traces = traces
    self.executable = executable
    self.metrics = metrics
    self.logger = logger
  }

  /// The service's part in the bus, with its keys read from their files.
  ///
  /// - Throws: `SettingsError` if they are missing, can't be trusted, or are another role's.
  package func openBus() throws -> Bus {
    guard let role = Settings.busRole else { return .insecure }
    return try bus.open(service: Settings.serviceName, role: role, logger: logger)
  }
}

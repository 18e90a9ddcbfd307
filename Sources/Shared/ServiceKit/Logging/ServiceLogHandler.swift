package import Logging

/// Writes each record as one line to the standard error. `logLevel`, `metadata` and `metadataProvider` are what
/// swift-log demands of a handler.
package struct ServiceLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let formatter: LogFormatter
  private let write: @Sendable (String) -> Void

  /// - Parameter write: takes a line with its newline. The standard error in a service.
  package init(
    label: String, level: Logger.Level, format: LogFormat,
    write: @escaping @Sendable (String) -> Void = StandardError.write
  ) {
    self.label = label
    logLevel = level
    formatter = LogFormatter(format: format)
    self.write = write
  }

  /// A single value of ``metadata``, as swift-log demands.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    // What is nearest to the call wins over what its surroundings say.
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let given = event.metadata { all.merge(given) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    write(
      formatter.line(
        time: .now(), level: event.level, label: label, message: event.message.description, metadata: all))
  }
}

extension ServiceLogHandler {
  /// Makes every logger of the process write this way. To be called once, before any logger is made.
  static func bootstrap(_ settings: ProcessSettings) {
    LoggingSystem.bootstrap { label in
      ServiceLogHandler(label: label, level: settings.logLevel, format: settings.logFormat)
    }
  }
}

import FoundationEssentials
import Foundations
package import Logging

/// Writes each record as one line to the standard error, with the trace, the span and the request of what the task does
/// (`TraceContext.current`), if it does something for somebody. `logLevel`, `metadata` and `metadataProvider` are what
/// swift-log demands of a handler.
package struct ServiceLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let formatter: LogFormatter
  /// Whether a line begins with its priority, as systemd's journal reads it.
  private let showsPriority: Bool
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - showsPriority: whether each line begins with its priority, for systemd's journal.
  ///   - write: takes a line with its newline. The standard error in a service.
  package init(
    label: String, level: Logger.Level, format: LogFormat, showsPriority: Bool = false,
    write: @escaping @Sendable (String) -> Void = StandardError.write
  ) {
    self.label = label
    logLevel = level
    formatter = LogFormatter(format: format)
    self.showsPriority = showsPriority
    self.write = write
  }

  /// A single value of ``metadata``, as swift-log demands.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    // What is nearest to the call wins over what its surroundings say.
    var all = TraceContext.current?.metadata ?? [:]
    all.merge(metadata) { $1 }
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let given = event.metadata { all.merge(given) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    write(
      (showsPriority ? JournalPriority.prefix(event.level) : "")
        + formatter.line(
          time: .now(), level: event.level, label: label, message: event.message.description, metadata: all))
  }
}

extension ServiceLogHandler {
  /// Makes every logger of the process write this way. To be called once, before any logger is made.
  static func bootstrap(_ settings: ProcessSettings) {
    let showsPriority = JournalPriority.isWanted(environment: ProcessInfo.processInfo.environment)
    LoggingSystem.bootstrap { label in
      ServiceLogHandler(
        label: label, level: settings.logLevel, format: settings.logFormat, showsPriority: showsPriority)
    }
  }
}

extension TraceContext {
  fileprivate var metadata: Logger.Metadata {
    var metadata: Logger.Metadata = ["trace": "\(traceID)", "span": "\(spanID)"]
    if !requestID.isEmpty { metadata["request"] = "\(requestID)" }
    return metadata
  }
}

import AppLink
import Synchronization

/// One output stream of an app on its way to the log. What it wrote without a line break yet can be sent on from any
/// thread: the app's own may be stuck when the process is to end.
final class OutputLines: Sendable {
  private let splitter: Mutex<LineSplitter>
  private let level: AppLogLine.Level
  private let source: AppLogLine.Source
  private let log: AppLog

  init(_ level: AppLogLine.Level, _ source: AppLogLine.Source, _ log: AppLog, limitBytes: Int) {
    self.level = level
    self.source = source
    self.log = log
    splitter = Mutex(LineSplitter(limit: limitBytes))
  }

  func append(_ bytes: [UInt8]) {
    splitter.withLock { splitter in splitter.append(bytes) { log.write(level, source, $0) } }
  }

  /// The last words are a line, with or without its break.
  func finish() {
    splitter.withLock { splitter in splitter.finish { log.write(level, source, $0) } }
  }
}

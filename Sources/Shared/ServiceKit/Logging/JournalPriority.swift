import Glibc
import Logging

/// Lines for systemd's journal begin with their priority (`sd-daemon(3)`), so that `journalctl -p warning` finds them.
enum JournalPriority {
  /// Whether the standard error is the journal's own stream: `JOURNAL_STREAM` names its device and inode, and a program
  /// that was started with another one has inherited a variable that says nothing of it.
  static func isWanted(environment: [String: String]) -> Bool {
    var status = stat()
    guard let stream = environment["JOURNAL_STREAM"], fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }

  /// What stands before a line: `<3>` for an error.
  static func prefix(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "<7>"
    case .info: "<6>"
    case .notice: "<5>"
    case .warning: "<4>"
    case .error: "<3>"
    case .critical: "<2>"
    }
  }
}

import FoundationEssentials
import Glibc

/// How wide tables for people are.
package enum TerminalWidth {
  /// Where nobody says how wide it is: in a pipe, a file.
  package static let usual = 80
  /// A narrower one gets lines that wrap: nothing can be told in fewer.
  private static let least = 40

  /// What COLUMNS says, else the terminal, else the usual width. It is the same in a pipe as on a terminal of that
  /// width; programs ask for JSON.
  package static func columns(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int {
    told(environment: environment) ?? usual
  }

  /// The same where somebody says it: nil in a pipe or a file, where lines may as well stay whole.
  package static func told(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int? {
    if let text = environment["COLUMNS"], let columns = Int(text), columns > 0 { return max(columns, least) }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return max(Int(size.ws_col), least)
  }
}

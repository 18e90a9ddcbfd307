import FoundationEssentials
import Glibc

/// How wide tables for people are, in characters.
package enum TerminalWidth {
  /// The width where nobody says how wide it is, as in a pipe or a file.
  package static let usual = 80
  /// A narrower one gets lines that wrap: nothing can be told in fewer.
  private static let least = 40

  /// What the variable COLUMNS says, else the terminal's width, else the usual one. So it is the same in a pipe as on
  /// a terminal if COLUMNS is set; programs ask for JSON.
  package static func columns(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int {
    told(environment: environment) ?? usual
  }

  /// As `columns`, but nil in a pipe or a file where COLUMNS is not set: lines may as well stay whole there.
  package static func told(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int? {
    if let text = environment["COLUMNS"], let columns = Int(text), columns > 0 { return max(columns, least) }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return max(Int(size.ws_col), least)
  }
}

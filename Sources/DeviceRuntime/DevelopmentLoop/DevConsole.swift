import AppLink
import Foundations
import ServiceKit
import Synchronization
import TextFormats

/// What a developer sees: lines with the time, in colours if a person looks.
package final class DevConsole: Sendable {
  enum Kind {
    case line(AppLogLine.Level)
    /// A word of the loop itself.
    case notice
    case failure
    /// What the app does to the outside.
    case effect
  }

  /// What stands before each text: the time, the mark and a space after each.
  private static let indent = 19

  private let isColoured: Bool
  /// For how many characters a line has room; nil for any number.
  private let columns: Int?
  private let write: @Sendable (String) -> Void
  private let lock = Mutex(())

  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package init(
    isColoured: Bool, columns: Int? = nil, write: @escaping @Sendable (String) -> Void = { StandardOutput.write($0) }
  ) {
    self.isColoured = isColoured
    self.columns = columns
    self.write = write
  }

  /// The console on the standard output: with colours on a terminal, unless the variable NO_COLOR is set to something
  /// (no-color.org).
  package static func standard(noColor: String?) -> DevConsole {
    DevConsole(
      isColoured: StandardOutput.isTerminal && (noColor ?? "").isEmpty, columns: TerminalWidth.told())
  }

  /// - Parameter at: realtime nanoseconds.
  func show(_ kind: Kind, _ text: String, at nanoseconds: UInt64 = KernelClock.realtimeNanoseconds()) {
    let (mark, colour) = Self.style(kind)
    let time = Self.time(nanoseconds)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let line = fitted(PlainText.escaped(String(line)), kind)
      return isColoured
        ? "\u{1B}[2m\(time)\u{1B}[0m \(colour)\(mark) \(line)\u{1B}[0m\n" : "\(time) \(mark) \(line)\n"
    }
    lock.withLock { _ in write(lines.joined()) }
  }

  /// The loop's own words in lines that have room; what the app says stays in one, to be copied as it is.
  private func fitted(_ line: String, _ kind: Kind) -> String {
    guard let columns else { return line }
    switch kind {
    case .notice, .failure: return Table.wrapped(line, indent: Self.indent, columns: columns).joined(separator: "\n")
    case .line, .effect: return line
    }
  }

  /// All marks are equally wide.
  private static func style(_ kind: Kind) -> (mark: String, colour: String) {
    switch kind {
    case .line(.debug): ("debug", "\u{1B}[2m")
    case .line(.info): ("info ", "")
    case .line(.warning): ("warn ", "\u{1B}[33m")
    case .line(.error): ("error", "\u{1B}[31m")
    case .notice: ("--   ", "\u{1B}[36m")
    case .failure: ("FAIL ", "\u{1B}[1;31m")
    case .effect: ("->   ", "\u{1B}[32m")
    }
  }

  /// Hours, minutes, seconds and milliseconds of the day here.
  private static func time(_ nanoseconds: UInt64) -> String {
    let (seconds, milliseconds) = KernelClock.localTimeOfDay(nanoseconds)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(seconds / 3600, 2)):\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2))"
      + ".\(digits(milliseconds, 3))"
  }
}

import Synchronization
import TextFormats

/// Shows how far a transfer is: a bar on a terminal, otherwise a line for every tenth.
package final class ProgressBar: Sendable {
  private let label: String
  private let totalBytes: Int?
  private let isTerminal: Bool
  private let columns: Int
  private let write: @Sendable (String) -> Void
  private let state: Mutex<State>

  private struct State {
    let start: ContinuousClock.Instant
    var lastDrawn: ContinuousClock.Instant?
    var lastTenth = 0
    var completedBytes = 0
    var isFinished = false
  }

  /// - Parameters:
  ///   - totalBytes: nil when it is not known.
  ///   - columns: for how many characters the terminal's line has room. A longer line would wrap, and stay there each
  ///     time that it is drawn anew.
  ///   - write: the standard error, which is nobody's input.
  package init(
    _ label: String, totalBytes: Int?, isTerminal: Bool = StandardError.isTerminal,
    columns: Int = TerminalWidth.columns(),
    write: @escaping @Sendable (String) -> Void = StandardError.write
  ) {
    self.label = PlainText.escaped(label)
    self.totalBytes = totalBytes
    self.isTerminal = isTerminal
    self.columns = columns
    self.write = write
    state = Mutex(State(start: .now))
  }

  /// Shows how much is done. Call it as often as you like: it draws ten times a second at most.
  package func update(completedBytes: Int) {
    state.withLock { state in
      guard !state.isFinished else { return }
      state.completedBytes = completedBytes
      if isTerminal {
        let now = ContinuousClock.now
        if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
        state.lastDrawn = now
        write("\r\(bar(state, now))\u{1B}[K")
      } else if let tenth = tenth(completedBytes), tenth > state.lastTenth {
        state.lastTenth = tenth
        write("\(label): \(tenth * 10)%\n")
      }
    }
  }

  /// Leaves the last state on the screen and ends the line.
  package func finish() {
    state.withLock { state in
      guard !state.isFinished else { return }
      state.isFinished = true
      if isTerminal { write("\r\(bar(state, .now))\u{1B}[K\n") }
    }
  }

  private func tenth(_ bytes: Int) -> Int? {
    guard let totalBytes, totalBytes > 0 else { return nil }
    return min(10, Int(Double(bytes) / Double(totalBytes) * 10))
  }

  private func bar(_ state: State, _ now: ContinuousClock.Instant) -> String {
    let seconds = max(0.001, (now - state.start) / .seconds(1))
    let rate = "\(HumanText.bytes(Int(Double(state.completedBytes) / seconds)))/s"
    guard let totalBytes, totalBytes > 0 else {
      return labelled("  \(HumanText.bytes(state.completedBytes))  \(rate)")
    }
    let fraction = min(1, max(0, Double(state.completedBytes) / Double(totalBytes)))
    let sizes = "\(HumanText.bytes(state.completedBytes)) of \(HumanText.bytes(totalBytes))"
    let figures = "\(Int(fraction * 100))%  \(sizes)  \(rate)"
    // The bar gives way before the label, and the label before the figures.
    let width = min(30, max(10, room - label.count - figures.count - 4))
    guard width + figures.count + 4 <= room else { return labelled(" \(figures)") }
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return labelled(" [\(bar)] \(figures)")
  }

  /// The last column stays free: with a character there, erasing the rest of the line would erase it.
  private var room: Int { columns - 1 }

  /// The label, or as much of its end as there is room for, then the text.
  private func labelled(_ text: String) -> String {
    let room = room - text.count
    if label.count <= room { return label + text }
    if room > 1 { return "…\(label.suffix(room - 1))\(text)" }
    return String(text.drop { $0 == " " }.prefix(self.room))
  }
}

import DeviceProtocol
import FirmwareImage
package import Foundations

/// Lines that a `device` sent, whose form was found right.
package struct ReceivedLogBatch: Sendable, Equatable {
  /// How many lines a batch may have. Devices send at most 500 at once.
  package static let maximumLines = 1000
  /// How many visible ASCII characters the name of a log may have.
  package static let maximumLogIDBytes = 64

  package var device: DeviceID
  /// Which log the lines' IDs count in: a device that lost its flash begins another one.
  package var logID: String
  /// The lines that make sense, with growing IDs.
  package private(set) var lines: [LogLine]
  /// How many lines right before these the device dropped unsent.
  package var lostCount: UInt64
  /// The run of the device's agent that sent the lines; nil from a device that names none.
  package var run: Run?

  /// A run of the device's agent, from its start to its end: lines with IDs above `after` were written in it.
  package struct Run: Sendable, Equatable {
    /// A random number other than 0.
    package var id: UInt64
    package var after: UInt64

    package init(id: UInt64, after: UInt64) {
      self.id = id
      self.after = after
    }
  }
  /// The highest ID, also of lines that were refused.
  package private(set) var lastID: UInt64
  /// Whether some lines make no sense and were left out.
  package private(set) var hasRefused = false

  /// A line as it was sent; nil in place of one that makes no sense.
  package typealias SentLine = (id: UInt64, line: LogLine?)

  /// - Throws: `invalid` for a log ID of another form, or too many lines. Single lines that make no sense are left out.
  package init(
    device: DeviceID, logID: String, sent: [SentLine], lostCount: UInt64 = 0, run: Run? = nil
  ) throws(RequestFailure) {
    guard (1...Self.maximumLogIDBytes).contains(logID.utf8.count),
      logID.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw RequestFailure(field: "log-id", "is not 1 to \(Self.maximumLogIDBytes) visible ASCII characters")
    }
    guard sent.count <= Self.maximumLines else {
      throw RequestFailure(field: "lines", "has \(sent.count) entries: send at most \(Self.maximumLines) of a device")
    }
    self.device = device
    self.logID = logID
    self.lostCount = lostCount
    self.run = run
    lines = []
    lastID = 0
    for entry in sent {
      // What is refused for good need not be sent again either.
      defer { lastID = max(lastID, entry.id) }
      guard entry.id > lastID, entry.id <= UInt64(Int64.max), let line = entry.line else {
        hasRefused = true
        continue
      }
      lines.append(line)
    }
  }

  /// The lines that are new, given up to which ID (`storedThrough`) that log is stored already. Where lines are
  /// missing before them, a line of the Registry's own says how many and why.
  package func lines(after storedThrough: UInt64) -> [LogLine] {
    let new = lines.filter { $0.id > storedThrough }
    guard let first = new.first, first.id == lines.first?.id, first.id > 1 else { return new }
    let gap = first.id - 1 - storedThrough
    // Of those lost, some may have arrived here without the device learning of it.
    let dropped = min(lostCount, gap)
    // Others it was told to forget, and they are not here: this is what a database restored from a backup lacks.
    let forgotten = storedThrough > 0 ? gap - dropped : 0
    guard dropped + forgotten > 0 else { return new }
    var texts: [String] = []
    if forgotten > 0 {
      texts.append(
        "\(Self.count(forgotten)) stored once and \(forgotten == 1 ? "is" : "are") not here any more: "
          + "the registry's database was restored from a backup")
    }
    if dropped > 0 {
      texts.append(
        "\(Self.count(dropped)) dropped on the device before \(dropped == 1 ? "it" : "they") could be sent: "
          + "its log was full")
    }
    let note = LogLine(
      id: first.id - 1, realtimeNanoseconds: first.realtimeNanoseconds,
      monotonicNanoseconds: first.monotonicNanoseconds, level: .warning, source: "agent", firmwareVersion: 0,
      text: texts.joined(separator: "; "))
    return [note] + new
  }

  private static func count(_ lines: UInt64) -> String { lines == 1 ? "1 line was" : "\(lines) lines were" }
}

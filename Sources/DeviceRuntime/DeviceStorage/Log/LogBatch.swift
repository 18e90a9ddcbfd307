package import DeviceProtocol
import FoundationEssentials
import Foundations
import TextFormats

/// Lines that go to the server together, without a gap between them: `lines`, by rising ID, written in the `run` of
/// the agent that sends them or before it.
package struct LogBatch: Sendable, Equatable {
  /// Which run of the agent sends: its random name in `run`; lines with an ID above `after` were written in it.
  package struct Run: Sendable, Equatable {
    var run: String
    var after: UInt64
  }

  /// The name of the log that the IDs count in, 16 hexadecimal digits.
  package var log: String
  package var run: Run
  /// How many lines right before these are gone: they fell out of the ring before they were sent.
  package var lost: UInt64
  package var lines: [DeviceLogLine]

  /// As many of the lines as fit.
  ///
  /// - Parameters:
  ///   - acknowledged: the ID of the last line that needs no sending.
  ///   - maximumBytes: of the payload. One line always fits: where it would not, its end is left out.
  /// - Returns: nil without lines.
  package init?(log: String, run: Run, after acknowledged: UInt64, lines: [DeviceLogLine], maximumBytes: Int) {
    guard let first = lines.first, first.id > acknowledged else { return nil }
    self.log = log
    self.run = run
    lost = first.id - acknowledged - 1
    self.lines = []
    var size = Self.envelopeBytes
    for (index, line) in lines.enumerated() {
      let line = index == 0 ? line.fitting(maximumBytes - Self.envelopeBytes) : line
      size += LogMessage.Line.maximumBytes(of: line)
      guard line.id == first.id + UInt64(index), self.lines.isEmpty || size <= maximumBytes else { break }
      self.lines.append(line)
    }
  }

  /// The most bytes that the payload has around the lines.
  private static let envelopeBytes = 192

  /// The ID of the first line; 0 without lines.
  package var firstID: UInt64 { lines.first?.id ?? 0 }
  /// The ID of the last line; 0 without lines.
  package var lastID: UInt64 { lines.last?.id ?? 0 }

  /// The payload of `/devices/{id}/log`.
  package func json() throws -> [UInt8] {
    let message = LogMessage(
      log: log, run: run.run, after: run.after, lost: lost == 0 ? nil : lost, lines: lines.map { LogMessage.Line($0) })
    return Array(try JSONCoding.encoder().encode(message))
  }
}

extension DeviceLogLine {
  /// The line, its text cut if need be.
  ///
  /// - Parameter maximumBytes: of its JSON.
  fileprivate func fitting(_ maximumBytes: Int) -> DeviceLogLine {
    let excess = LogMessage.Line.maximumBytes(of: self) - maximumBytes
    guard excess > 0 else { return self }
    var copy = self
    let mark = "…"
    copy.text = text.prefixOfUTF8(max(0, text.utf8.count - (excess + 1) / 2 - mark.utf8.count)) + mark
    return copy
  }
}

extension LogMessage.Line {
  package init(_ line: DeviceLogLine) {
    self.init(
      id: line.id, at: line.realtimeNanoseconds, monotonic: line.monotonicNanoseconds, level: line.level,
      source: line.source, version: line.firmwareVersion, text: line.text)
  }

  /// The most bytes that a line can have as JSON: each byte of a text without control characters takes two at most.
  package static func maximumBytes(of line: DeviceLogLine) -> Int {
    180 + line.level.utf8.count + line.source.utf8.count + 2 * line.text.utf8.count
  }
}

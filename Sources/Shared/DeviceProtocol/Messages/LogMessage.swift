/// The JSON of `/devices/{id}/log`: lines of a device's log without a gap between them, as they stand in the message.
package struct LogMessage: Codable, Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable { case log, run, after, lost, lines }

  /// Which log the lines' IDs count in: 16 hexadecimal digits.
  package var log: String
  /// The agent's run that sends them: 16 hexadecimal digits; missing: the device names none.
  package var run: String?
  /// The lines with IDs above this one were written in that run.
  package var after: UInt64?
  /// How many lines right before these were lost on the device; missing: none.
  package var lost: UInt64?
  /// The lines, in the order of their IDs.
  package var lines: [Line]

  package init(log: String, run: String?, after: UInt64?, lost: UInt64?, lines: [Line]) {
    self.log = log
    self.run = run
    self.after = after
    self.lost = lost
    self.lines = lines
  }

  /// A line of a device's log, here or in a crash report.
  package struct Line: Codable, Sendable, Equatable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case id, at, monotonic, level, source, version, text }

    /// The line's number in its log: from 1, and one more with each line.
    package var id: UInt64
    /// When it was written, by the device's clock, in nanoseconds since 1970.
    package var at: UInt64
    /// When it was written, in nanoseconds since the device's boot.
    package var monotonic: UInt64
    /// The name of a ``LogLevel``.
    package var level: String
    /// Who wrote it: the raw value of a ``LogSource``.
    package var source: String
    /// The firmware version of the app that wrote it; 0: no app did.
    package var version: UInt64
    /// What it says; at most ``DeviceLimit/logLineTextBytes``.
    package var text: String

    package init(
      id: UInt64, at: UInt64, monotonic: UInt64, level: String, source: String, version: UInt64, text: String
    ) {
      self.id = id
      self.at = at
      self.monotonic = monotonic
      self.level = level
      self.source = source
      self.version = version
      self.text = text
    }
  }
}

/// The JSON of `/devices/{id}/log`: lines of a device's log without a gap between them, as they stand in the message.
package struct LogMessage: Codable, Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable { case log, run, after, lost, lines }

  /// Which log the lines' IDs count in: 16 hexadecimal digits.
  package var log: String
  /// The agent's run that sends them: 16 hexadecimal digits; missing: the device names none.
  package var run: String?
  /// Lines with higher IDs were written in that run.
  package var after: UInt64?
  /// How many lines right before these nobody has any more; missing: none.
  package var lost: UInt64?
  package var lines: [Line]

  package init(log: String, run: String?, after: UInt64?, lost: UInt64?, lines: [Line]) {
    self.log = log
    self.run = run
    self.after = after
    self.lost = lost
    self.lines = lines
  }

  /// A line, here or in a crash report.
  package struct Line: Codable, Sendable, Equatable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case id, at, monotonic, level, source, version, text }

    /// From 1; one more with each line of a log.
    package var id: UInt64
    /// By the device's clock, in nanoseconds since 1970.
    package var at: UInt64
    /// In nanoseconds since the device's boot.
    package var monotonic: UInt64
    /// The name of a ``LogLevel``.
    package var level: String
    /// A ``LogSource``.
    package var source: String
    /// Of the app that wrote it; 0: no app did.
    package var version: UInt64
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

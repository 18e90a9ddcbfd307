package import DeviceProtocol
package import Foundations

/// Which lines of a device's log to answer: at most `limit` of those of `device` at `position` whose level is
/// `minimumLevel` or above. It is made of what a client wrote; an empty `minimumLevel` asks for all levels.
///
/// What clients may ask for is bounded: `defaultPageSize` lines at once if they don't say, `maximumPageSize` at most,
/// and a searched text of at most `maximumTextLength` characters.
package struct LogQuery: Sendable {
  /// Where in the log to look, by cursors of lines.
  package enum Position: Sendable, Equatable {
    /// The newest lines; if a cursor is given, those below it.
    case newest(before: UInt64?)
    /// The lines above a cursor, from the oldest on.
    case after(UInt64)
  }

  package static let defaultPageSize = 100
  package static let maximumPageSize = 1000
  package static let maximumTextLength = 256
  /// A page ends before its texts are more than this, so that it fits into one answer.
  package static let maximumPageBytes = 4 << 20
  /// How long a request that waits for new lines is left open at most, before it is answered with none.
  package static let longestWait = Duration.seconds(20)

  package var device: DeviceID
  package var position: Position
  package var minimumLevel: LogLevel
  /// Only lines whose text holds this one, in the same case; empty for all.
  package var text: String
  package var limit: Int

  /// - Throws: `invalid` for an unknown level, or a text that is too long or has control characters.
  package init(
    device: DeviceID, position: Position, minimumLevel: String = "", text: String = "", limit: Int = defaultPageSize
  ) throws(RequestFailure) {
    self.device = device
    self.position = position
    self.minimumLevel = minimumLevel.isEmpty ? .debug : try LogLevel(minimum: minimumLevel)
    self.text = try FieldRules.searchText(text, maximumLength: Self.maximumTextLength)
    self.limit = limit
  }
}

/// Some `lines` of a log, oldest first.
package struct LogPage: Sendable, Equatable {
  package var lines: [StoredLogLine]
  /// The cursor up to which the log was looked through, also where no line was found: whoever goes on asks for what
  /// is after.
  package var lastCursor: UInt64
  /// Whether there are older lines, where the newest were asked for.
  package var hasMore: Bool

  package init(lines: [StoredLogLine], lastCursor: UInt64, hasMore: Bool) {
    self.lines = lines
    self.lastCursor = lastCursor
    self.hasMore = hasMore
  }
}

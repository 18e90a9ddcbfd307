package import DeviceProtocol
import FirmwareImage
package import Foundations

/// Which lines of a device's log to answer.
package struct LogQuery: Sendable {
  package enum Position: Sendable, Equatable {
    /// The newest; if given, those below a cursor.
    case newest(before: UInt64?)
    /// Those above a cursor, from the oldest on.
    case after(UInt64)
  }

  package static let defaultPageSize = 100
  package static let maximumPageSize = 1000
  package static let maximumTextLength = 256
  /// A page ends before its texts are more than this, so that it fits into one answer.
  package static let maximumPageBytes = 4 << 20
  /// How long a request that follows waits for lines at most.
  package static let longestWait = Duration.seconds(20)

  package var device: DeviceID
  package var position: Position
  package var minimumLevel: LogLevel
  /// Lines that hold it, in the same case; empty for all.
  package var text: String
  package var limit: Int

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

/// Some lines of a log, oldest first.
package struct LogPage: Sendable, Equatable {
  package var lines: [StoredLogLine]
  /// Up to where the log was looked through: what follows is after it.
  package var lastCursor: UInt64
  /// Whether there are older ones, where the newest were asked for.
  package var hasMore: Bool

  package init(lines: [StoredLogLine], lastCursor: UInt64, hasMore: Bool) {
    self.lines = lines
    self.lastCursor = lastCursor
    self.hasMore = hasMore
  }
}

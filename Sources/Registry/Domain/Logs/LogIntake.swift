import FirmwareImage
package import FoundationEssentials
package import Foundations

/// What a request's batches add to the logs that it locked, apart from the database.
package struct LogIntake: Sendable {
  package struct Head: Sendable {
    package let number: Int64
    package var lastCursor: UInt64
    package var sizeBytes: Int
    package var hasLines: Bool
    package let isFollowed: Bool

    package init(number: Int64, lastCursor: UInt64, sizeBytes: Int, hasLines: Bool, isFollowed: Bool) {
      self.number = number
      self.lastCursor = lastCursor
      self.sizeBytes = sizeBytes
      self.hasLines = hasLines
      self.isFollowed = isFollowed
    }
    package var isTouched = false
  }

  package struct MarkKey: Hashable, Sendable {
    package var number: Int64
    package var logID: String

    package init(number: Int64, logID: String) {
      self.number = number
      self.logID = logID
    }
  }

  package struct Mark: Sendable {
    package var storedThrough: UInt64
    package var lastCursor: UInt64 = 0
    /// Whose lines are the newest; 0: not known.
    package var run: UInt64 = 0

    package init(storedThrough: UInt64, lastCursor: UInt64 = 0, run: UInt64 = 0, isNew: Bool = false) {
      self.storedThrough = storedThrough
      self.lastCursor = lastCursor
      self.run = run
      self.isNew = isNew
    }
    package var isNew = false
    package var isChanged = false
  }

  package struct Entry: Sendable {
    package let number: Int64
    package let cursor: UInt64
    package let line: LogLine

    package init(number: Int64, cursor: UInt64, line: LogLine) {
      self.number = number
      self.cursor = cursor
      self.line = line
    }
  }

  /// The database's clock, which all replicas share.
  package var now = Date(timeIntervalSince1970: 0)
  package var heads: [DeviceID: Head] = [:]
  package var marks: [MarkKey: Mark] = [:]
  package private(set) var lines: [Entry] = []

  package init() {}

  package mutating func take(_ batch: ReceivedLogBatch) -> LogVerdict {
    guard var head = heads[batch.device] else {
      return LogVerdict(storedThrough: batch.lastID, refusal: .unknownDevice)
    }
    let key = MarkKey(number: head.number, logID: batch.logID)
    var mark = marks[key] ?? Mark(storedThrough: 0, isNew: true)
    if let run = batch.run, run.id != mark.run, mark.storedThrough > run.after {
      // The log is asked for again and again by a device that forgets at each boot: its mark is the newest of it.
      mark.lastCursor = head.lastCursor
      mark.isChanged = true
      marks[key] = mark
      return LogVerdict(storedThrough: mark.storedThrough, refusal: .idsUsedAgain)
    }
    for line in batch.lines(after: mark.storedThrough) {
      head.lastCursor += 1
      head.sizeBytes += line.storedBytes
      head.isTouched = true
      lines.append(Entry(number: head.number, cursor: head.lastCursor, line: line))
      mark.storedThrough = line.id
      mark.lastCursor = head.lastCursor
      mark.run = batch.run?.id ?? mark.run
      mark.isChanged = true
    }
    heads[batch.device] = head
    if mark.isChanged { marks[key] = mark }
    return LogVerdict(
      storedThrough: max(mark.storedThrough, batch.lastID), refusal: batch.hasRefused ? .invalid : nil)
  }

  package var touchedHeads: [Head] { heads.values.filter(\.isTouched) }

  package var changedMarks: [(key: MarkKey, mark: Mark)] {
    marks.filter(\.value.isChanged).map { (key: $0.key, mark: $0.value) }
  }

  package var numbersWithNewMarks: [Int64] {
    Array(Set(marks.filter { $0.value.isNew && $0.value.isChanged }.map(\.key.number)))
  }

  package var followedDevices: [DeviceID] { heads.filter { $0.value.isTouched && $0.value.isFollowed }.map(\.key) }

  package func numbersOver(_ limitBytes: Int) -> [Int64] {
    heads.values.filter { $0.isTouched && $0.sizeBytes > limitBytes }.map(\.number).sorted()
  }
}

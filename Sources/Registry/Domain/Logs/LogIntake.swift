import FirmwareImage
import FoundationEssentials

/// What a request's batches add to the logs that it locked, apart from the database.
struct LogIntake: Sendable {
  struct Head: Sendable {
    let number: Int64
    var lastCursor: UInt64
    var sizeBytes: Int
    var hasLines: Bool
    let isFollowed: Bool
    var isTouched = false
  }

  struct MarkKey: Hashable, Sendable {
    var number: Int64
    var logID: String
  }

  struct Mark: Sendable {
    var storedThrough: UInt64
    var lastCursor: UInt64 = 0
    /// Whose lines are the newest; 0: not known.
    var run: UInt64 = 0
    var isNew = false
    var isChanged = false
  }

  struct Entry: Sendable {
    let number: Int64
    let cursor: UInt64
    let line: LogLine
  }

  /// The database's clock, which all replicas share.
  var now = Date(timeIntervalSince1970: 0)
  var heads: [DeviceID: Head] = [:]
  var marks: [MarkKey: Mark] = [:]
  private(set) var lines: [Entry] = []

  mutating func take(_ batch: LogBatch) -> LogVerdict {
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

  var touchedHeads: [Head] { heads.values.filter(\.isTouched) }

  var changedMarks: [(key: MarkKey, mark: Mark)] {
    marks.filter(\.value.isChanged).map { (key: $0.key, mark: $0.value) }
  }

  var numbersWithNewMarks: [Int64] {
    Array(Set(marks.filter { $0.value.isNew && $0.value.isChanged }.map(\.key.number)))
  }

  var followedDevices: [DeviceID] { heads.filter { $0.value.isTouched && $0.value.isFollowed }.map(\.key) }

  func numbersOver(_ limitBytes: Int) -> [Int64] {
    heads.values.filter { $0.isTouched && $0.sizeBytes > limitBytes }.map(\.number).sorted()
  }
}
